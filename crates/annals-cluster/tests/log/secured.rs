//! Logs on servers that not everybody may use.

use std::{fs, path::Path};

use annals_cluster::{
    Cluster, Genesis, Options as NodeOptions, begin,
    log::{JetStreamLog, OrderedLog},
    setup::{Replicas, init, state, trim},
    url::Target,
};
use annals_core::{
    Append, Backend, ErrorKind, EventType, ExpectedVersion, Freshness, NewEvent, StreamName,
};
use annals_testbed::nats::{Login, Nats, Options, Permissions, Tls, User};

use crate::{Outcome, bed, credentials::Keys};

/// What it says of permissions has to be true.
const BOOK: &str = include_str!("../../../../docs/book/src/how-to/cluster.md");

fn target(server: &Nats, login: &str, parameters: &str) -> Target {
    format!("nats://{login}127.0.0.1:{}/orders{parameters}", server.port()).parse().unwrap()
}

fn certificate(place: &Path, name: &str) -> Tls {
    let file = |what: &str| place.join(format!("{name}-{what}.pem"));
    let tls = Tls { certificate: file("certificate"), key: file("key") };
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(&tls.certificate, certified.cert.pem()).unwrap();
    fs::write(&tls.key, certified.signing_key.serialize_pem()).unwrap();
    tls
}

pub(crate) fn by_tls() -> Outcome {
    let place = tempfile::tempdir()?;
    let tls = certificate(place.path(), "server");
    let ca = tls.certificate.display().to_string();
    let other = certificate(place.path(), "other").certificate;
    let login = Login::Token("s3cret".to_owned());
    let server = Nats::start(&Options { login, tls: Some(tls), ..Options::default() })?;
    let open = Nats::start(&Options::default())?;
    bed::run(async {
        for (number, tls) in [(1, ""), (2, "&tls=require")] {
            let target = target(&server, "s3cret@", &format!("?ca={ca}{tls}"));
            init(&target, &bed::setup(Replicas::One)).await.unwrap();
            let log = bed::connect(&target).await;
            assert_eq!(log.publish(bed::message(number)).await.unwrap(), number);
            bed::between(&log, 1, number).await;
        }
        let unknown = target(&server, "s3cret@", &format!("?ca={}", other.display()));
        let in_plain_text = target(&open, "", &format!("?ca={ca}&tls=require"));
        for (target, why) in
            [(unknown, "invalid peer certificate"), (in_plain_text, "InvalidContentType")]
        {
            let error = JetStreamLog::connect(&target, "test").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            assert!(error.to_string().contains("no encrypted connection"), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
    });
    Ok(())
}

/// Subjects as the book has them, each checked to be there, for the store of the tests.
fn subjects(named: &[&str]) -> Vec<String> {
    let subject = |named: &&str| {
        assert!(BOOK.contains(&format!("`{named}`")), "the book does not name {named}");
        let in_full = match named.split_once('.') {
            Some(("CREATE" | "MSG" | "DELETE", _)) => format!("$JS.API.CONSUMER.{named}"),
            _ => (*named).to_owned(),
        };
        in_full.replace("STORE", "orders")
    };
    named.iter().map(subject).collect()
}

fn user(name: &str, publish: &[&[&str]]) -> User {
    let subscribe = subjects(&["annals.STORE.nodes", "_INBOX.>"]);
    let permissions = Permissions { publish: subjects(&publish.concat()), subscribe };
    User { permissions: Some(permissions), ..User::new(name, name) }
}

pub(crate) fn with_permissions() -> Outcome {
    const LOOKING: &[&str] = &["$JS.API.INFO", "$JS.API.STREAM.INFO.ANNALS_STORE"];
    const WRITING: &[&str] = &["annals.STORE.log"];
    const MAKING: &[&str] =
        &["$JS.API.STREAM.CREATE.ANNALS_STORE", "$JS.API.STREAM.PURGE.ANNALS_STORE"];
    const NODE: &[&str] = &[
        "annals.STORE.nodes",
        "$JS.API.STREAM.INFO.ANNALS_STORE",
        "$JS.API.DIRECT.GET.ANNALS_STORE",
        "CREATE.ANNALS_STORE.>",
        "MSG.NEXT.ANNALS_STORE.>",
        "DELETE.ANNALS_STORE.>",
    ];
    let users = vec![
        user("node", &[WRITING, NODE]),
        user("looker", &[LOOKING]),
        user("keeper", &[LOOKING, WRITING, MAKING]),
    ];
    let server = Nats::start(&Options { login: Login::Users(users), ..Options::default() })?;
    bed::run(async {
        let keeper = target(&server, "keeper:keeper@", "");
        init(&keeper, &bed::setup(Replicas::One)).await.unwrap();
        begin(&bed::connect(&keeper).await, &Genesis::new()).await.unwrap();
        used(&server, "node:node@").await;
        let looker = target(&server, "looker:looker@", "");
        assert!(state(&looker).await.unwrap().extent.last > 2);
        let error = trim(&looker, 2).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(trim(&keeper, 2).await.unwrap(), 1);
    });
    Ok(())
}

/// A node does all that nodes do, twice, so that it goes on from its folder, too.
async fn used(server: &Nats, login: &str) {
    let dir = tempfile::tempdir().unwrap();
    let target = target(server, login, &format!("?dir={}", dir.path().display()));
    let stream = StreamName::new("order-1").unwrap();
    for number in 0..2 {
        let node = Cluster::open_target(&target, NodeOptions::default()).await.unwrap();
        let event = NewEvent::new(EventType::new("placed").unwrap(), "{}");
        let append = Append::to(stream.clone(), ExpectedVersion::Any, [event]);
        let position = node.append(append).await.unwrap().position.unwrap();
        assert_eq!(position.get(), number);
        for freshness in [Freshness::Latest, Freshness::Leader] {
            assert_eq!(node.catch_up(freshness).await.unwrap(), Some(position));
        }
        assert_eq!(node.trouble().map(|why| why.to_string()), None);
        node.close().await.unwrap();
    }
}

pub(crate) fn with_credentials() -> Outcome {
    let place = tempfile::tempdir()?;
    let keys = Keys::new();
    let file = place.path().join("node.creds");
    fs::write(&file, keys.user("node"))?;
    let login = Login::Operator(keys.operator());
    let server = Nats::start(&Options { login, ..Options::default() })?;
    bed::run(async {
        let creds = target(&server, "", &format!("?creds={}", file.display()));
        init(&creds, &bed::setup(Replicas::One)).await.unwrap();
        let log = bed::connect(&creds).await;
        assert_eq!(log.publish(bed::message(1)).await.unwrap(), 1);
        bed::between(&log, 1, 1).await;
        let stranger = Keys::new().user("node");
        fs::write(&file, stranger).unwrap();
        let error = JetStreamLog::connect(&creds, "test").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        let nobody = target(&server, "", "");
        let error = JetStreamLog::connect(&nobody, "test").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    });
    Ok(())
}
