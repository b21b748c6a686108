//! The life of a user, and what is answered on the way.

use annals_proto::kurrentdb::users::{
    ChangePasswordReq, DeleteReq, DetailsReq, DisableReq, EnableReq, ResetPasswordReq, UpdateReq,
    change_password_req, delete_req, details_req, details_resp::UserDetails, disable_req,
    enable_req, reset_password_req, update_req,
};
use futures_util::StreamExt;
use tonic::{Code, Status};

use crate::{
    client::Client,
    harness::{
        Running, assert_denied, assert_unauthenticated, create_user, read, secured, stream_read,
    },
};

async fn update(client: &Client, login: &str, full_name: &str) -> Result<(), Status> {
    let options = update_req::Options {
        login_name: login.to_owned(),
        password: String::new(),
        full_name: full_name.to_owned(),
        groups: vec!["tellers".to_owned()],
    };
    client.users().update(UpdateReq { options: Some(options) }).await?;
    Ok(())
}

async fn delete(client: &Client, login: &str) -> Result<(), Status> {
    let options = Some(delete_req::Options { login_name: login.to_owned() });
    client.users().delete(DeleteReq { options }).await?;
    Ok(())
}

async fn disable(client: &Client, login: &str) -> Result<(), Status> {
    let options = Some(disable_req::Options { login_name: login.to_owned() });
    client.users().disable(DisableReq { options }).await?;
    Ok(())
}

async fn enable(client: &Client, login: &str) -> Result<(), Status> {
    let options = Some(enable_req::Options { login_name: login.to_owned() });
    client.users().enable(EnableReq { options }).await?;
    Ok(())
}

async fn details(client: &Client, login: &str) -> Result<Vec<UserDetails>, Status> {
    let options = Some(details_req::Options { login_name: login.to_owned() });
    let mut answers = client.users().details(DetailsReq { options }).await?.into_inner();
    let mut details = Vec::new();
    while let Some(answer) = answers.next().await.transpose()? {
        details.extend(answer.user_details);
    }
    Ok(details)
}

async fn change(client: &Client, login: &str, current: &str, new: &str) -> Result<(), Status> {
    let options = Some(change_password_req::Options {
        login_name: login.to_owned(),
        current_password: current.to_owned(),
        new_password: new.to_owned(),
    });
    client.users().change_password(ChangePasswordReq { options }).await?;
    Ok(())
}

async fn reset(client: &Client, login: &str, new: &str) -> Result<(), Status> {
    let options = Some(reset_password_req::Options {
        login_name: login.to_owned(),
        new_password: new.to_owned(),
    });
    client.users().reset_password(ResetPasswordReq { options }).await?;
    Ok(())
}

/// Whether somebody gets as far as a service.
async fn come_in(client: &Client) -> Result<(), Status> {
    read(client, stream_read("account-1")).await.map(drop)
}

#[tokio::test]
async fn a_user_is_made_changed_and_deleted() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    create_user(&admin, "ann", "first", &[]).await.unwrap();
    let [ann] = details(&admin, "ann").await.unwrap().try_into().unwrap();
    assert_eq!((ann.login_name.as_str(), ann.full_name.as_str()), ("ann", "ann in full"));
    assert!(!ann.disabled && ann.last_updated.unwrap().ticks_since_epoch > 0);
    update(&admin, "ann", "Ann").await.unwrap();
    let [ann] = details(&admin, "ann").await.unwrap().try_into().unwrap();
    assert_eq!(
        (ann.full_name.as_str(), ann.groups.as_slice()),
        ("Ann", &["tellers".to_owned()][..])
    );
    let all = details(&admin, "").await.unwrap();
    let logins: Vec<_> = all.iter().map(|user| user.login_name.as_str()).collect();
    assert_eq!(logins, ["admin", "ann", "ops"]);
    delete(&admin, "ann").await.unwrap();
    assert_eq!(details(&admin, "ann").await.unwrap_err().code(), Code::NotFound);
    create_user(&admin, "ann", "second", &[]).await.unwrap();
    come_in(&server.connect_as("ann", "second").await).await.unwrap();
    assert_unauthenticated(come_in(&server.connect_as("ann", "first").await).await);
}

#[tokio::test]
async fn errors_are_those_that_clients_know() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    let missing = [
        update(&admin, "nobody", "N").await.unwrap_err(),
        delete(&admin, "nobody").await.unwrap_err(),
        disable(&admin, "nobody").await.unwrap_err(),
        enable(&admin, "nobody").await.unwrap_err(),
        details(&admin, "nobody").await.unwrap_err(),
        change(&admin, "nobody", "a", "b").await.unwrap_err(),
        reset(&admin, "nobody", "b").await.unwrap_err(),
    ];
    for status in missing {
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.message(), "User 'nobody' is not found.");
        assert_eq!(status.metadata().get("exception").unwrap(), "user-not-found");
        assert_eq!(status.metadata().get("login-name").unwrap(), "nobody");
    }
    create_user(&admin, "ann", "a", &[]).await.unwrap();
    create_user(&admin, "ann", "a", &[]).await.unwrap();
    let conflict = create_user(&admin, "ann", "b", &[]).await.unwrap_err();
    assert_eq!((conflict.code(), conflict.message()), (Code::FailedPrecondition, "Conflict."));
    assert_eq!(conflict.metadata().get("exception").unwrap(), "user-conflict");
    assert_denied(change(&admin, "ann", "wrong", "b").await);
    for login in ["", "$admins", "key:x", "a:b"] {
        let refused = create_user(&admin, login, "p", &[]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{login}");
    }
    let empty = create_user(&admin, "bob", "", &[]).await.unwrap_err();
    assert_eq!(empty.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn users_manage_nobody_but_their_own_password() {
    let server = Running::secured().await;
    let ann = server.connect_as_new("ann").await;
    assert_denied(create_user(&ann, "eve", "eve", &["$admins"]).await);
    assert_denied(update(&ann, "ann", "A").await);
    assert_denied(delete(&ann, "ops").await);
    assert_denied(disable(&ann, "admin").await);
    assert_denied(details(&ann, "").await);
    assert_denied(details(&ann, "admin").await);
    assert_denied(change(&ann, "ops", "ops' password", "mine").await);
    assert_denied(reset(&ann, "ann", "unasked").await);
    assert_eq!(details(&ann, "ann").await.unwrap().len(), 1);
    change(&ann, "ann", "ann", "another").await.unwrap();
    come_in(&server.connect_as("ann", "another").await).await.unwrap();
}

#[tokio::test]
async fn a_changed_password_counts_at_once() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    let mut ann = server.connect_as_new("ann").await;
    for round in 0..4 {
        come_in(&ann).await.unwrap();
        let new = format!("password {round}");
        reset(&admin, "ann", &new).await.unwrap();
        assert_unauthenticated(come_in(&ann).await);
        ann = server.connect_as("ann", &new).await;
    }
    come_in(&ann).await.unwrap();
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_comes_back_when_enabled() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    let ann = server.connect_as_new("ann").await;
    come_in(&ann).await.unwrap();
    disable(&admin, "ann").await.unwrap();
    assert_unauthenticated(come_in(&ann).await);
    disable(&admin, "ann").await.unwrap();
    enable(&admin, "ann").await.unwrap();
    come_in(&ann).await.unwrap();
    delete(&admin, "ann").await.unwrap();
    assert_unauthenticated(come_in(&ann).await);
}

#[tokio::test]
async fn what_another_server_on_the_store_does_to_a_user_counts_here_too() {
    let here = Running::secured().await;
    let there =
        Running::over(here.store.clone(), annals_server::Security::Secured(secured())).await;
    let ann = here.connect_as_new("ann").await;
    come_in(&ann).await.unwrap();
    disable(&there.connect_as_admin().await, "ann").await.unwrap();
    while come_in(&ann).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_unauthenticated(come_in(&ann).await);
}
