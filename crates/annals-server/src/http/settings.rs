//! `/info/options`: the options that the server runs with, for those who run it.
//!
//! In the form in which KurrentDB's tools read them; the names are those of the settings of
//! `annals serve`. What is secret shows only that it is there.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::{
    Anonymous, Options, Secured, Security,
    access::{CHALLENGE, Caller},
    node::Node,
};

/// What stands in place of a secret.
const SECRET: &str = "****";

pub(super) async fn settings(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
) -> Response {
    if node.access.operations(&caller).is_ok() {
        return Json(list(&node.options)).into_response();
    }
    if caller == Caller::Anonymous {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, CHALLENGE)]).into_response();
    }
    StatusCode::FORBIDDEN.into_response()
}

fn list(options: &Options) -> Value {
    let Options {
        listen,
        advertise,
        message_bytes_max,
        calls_per_connection_max,
        connections_max,
        head_within,
        drain,
        // No setting of the command.
        lease: _,
        security,
        trace_parent,
    } = options;
    let advertise = advertise.as_ref().map(|(host, port)| format!("{host}:{port}"));
    let mut list = vec![
        one("Network", "listen", Some(listen.to_string())),
        one("Network", "advertise", advertise),
        one("Limits", "message-bytes-max", Some(message_bytes_max.to_string())),
        one("Limits", "calls-per-connection-max", Some(calls_per_connection_max.to_string())),
        one("Limits", "connections-max", Some(connections_max.to_string())),
        one("Limits", "head-within", Some(head_within.as_secs().to_string())),
        one("Running", "drain", Some(drain.as_secs().to_string())),
        one("Running", "traces", Some(trace_parent.is_some().to_string())),
    ];
    let secure = |name, value| one("Security", name, value);
    match security {
        Security::Insecure => list.push(secure("insecure", Some(true.to_string()))),
        Security::Secured(secured) => {
            let Secured { tls, anonymous, admin_password, ops_password, api_keys } = secured;
            let (certificate, key) =
                tls.as_ref().map(|files| (&files.certificate, &files.key)).unzip();
            let path = |path: &std::path::PathBuf| path.display().to_string();
            let hidden = |_: &_| SECRET.to_owned();
            list.extend([
                secure("insecure", Some(false.to_string())),
                secure("tls-cert", certificate.map(path)),
                secure("tls-key", key.map(path)),
                secure("anonymous", Some((*anonymous == Anonymous::AsListed).to_string())),
                secure("admin-password", admin_password.as_ref().map(hidden)),
                secure("ops-password", ops_password.as_ref().map(hidden)),
                secure("api-keys", api_keys.as_ref().map(path)),
            ]);
        }
    }
    Value::Array(list)
}

fn one(group: &str, name: &str, value: Option<String>) -> Value {
    json!({
        "name": name,
        "description": "",
        "group": group,
        "value": Value::from(value),
        "possibleValues": null,
    })
}

#[cfg(test)]
mod tests {
    use crate::Secret;

    use super::*;

    #[test]
    fn a_secret_shows_only_that_it_is_there() {
        let secured =
            Secured { admin_password: Some(Secret::new("hunter2")), ..Secured::default() };
        let options = Options { security: Security::Secured(secured), ..Options::default() };
        let list = list(&options);
        let value = |name: &str| {
            let mut all = list.as_array().unwrap().iter();
            all.find(|option| option["name"] == name).map(|option| option["value"].clone())
        };
        assert_eq!(value("admin-password"), Some(SECRET.into()));
        assert_eq!(value("ops-password"), Some(Value::Null));
        assert_eq!(value("listen"), Some("127.0.0.1:2113".into()));
        assert!(!list.to_string().contains("hunter2"));
    }
}
