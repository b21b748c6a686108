//! What a server for tests should be like, and how its configuration says so.

use std::path::PathBuf;

/// What a server for tests should be like; the default is as NATS is.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// When what is stored is safe from a loss of power.
    pub sync: Sync,
    /// The largest message in bytes, headers included; by default 1 MiB, and at most 64 MiB.
    pub max_payload: Option<u32>,
    /// Who may come in.
    pub login: Login,
    /// How clients are spoken to; by default in plain text.
    pub tls: Option<Tls>,
}

/// When a server writes through to the disk what JetStream stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// Before it answers.
    Always,
    /// NATS's default: within two minutes. What is killed loses nothing, only a machine does.
    #[default]
    Default,
}

/// Who may come in. Passwords and tokens are plain words: those that look like a bcrypt hash are
/// taken for one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Login {
    /// Everybody on this machine.
    #[default]
    Open,
    /// Users with their passwords.
    Users(Vec<(String, String)>),
    /// Whoever knows this.
    Token(String),
}

/// The server's certificate and its key, as files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, or a chain of them.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Options {
    /// The lines of the configuration that are the same for every server, with everything that
    /// JetStream stores below the folder `store`.
    pub(super) fn configuration(&self, store: &str) -> String {
        let sync = match self.sync {
            Sync::Always => ", sync_interval: always",
            Sync::Default => "",
        };
        let mut lines = format!("jetstream {{ store_dir: {}{sync} }}\n", quoted(store));
        if let Some(bytes) = self.max_payload {
            lines += &format!("max_payload: {bytes}\n");
        }
        lines += &self.login.configuration();
        if let Some(tls) = &self.tls {
            let certificate = quoted(&tls.certificate.to_string_lossy());
            let key = quoted(&tls.key.to_string_lossy());
            lines += &format!("tls {{ cert_file: {certificate}, key_file: {key} }}\n");
        }
        lines
    }
}

impl Login {
    fn configuration(&self) -> String {
        match self {
            Self::Open => String::new(),
            Self::Token(token) => format!("authorization {{ token: {} }}\n", quoted(token)),
            Self::Users(users) => {
                let users = users.iter().map(|(user, password)| {
                    format!("{{ user: {}, password: {} }}", quoted(user), quoted(password))
                });
                let users = users.collect::<Vec<_>>().join(", ");
                format!("authorization {{ users: [ {users} ] }}\n")
            }
        }
    }
}

/// A text as the configuration of NATS wants it.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_only_the_folder_is_said() {
        let lines = Options::default().configuration("/s");
        assert_eq!(lines, "jetstream { store_dir: \"/s\" }\n");
    }

    #[test]
    fn everything_that_is_asked_for_is_said() {
        let options = Options {
            sync: Sync::Always,
            max_payload: Some(7),
            login: Login::Users(vec![("a".into(), "b\"c".into()), ("d".into(), "e".into())]),
            tls: Some(Tls { certificate: "/c".into(), key: "/k".into() }),
        };
        let expected = r#"jetstream { store_dir: "/s", sync_interval: always }
max_payload: 7
authorization { users: [ { user: "a", password: "b\"c" }, { user: "d", password: "e" } ] }
tls { cert_file: "/c", key_file: "/k" }
"#;
        assert_eq!(options.configuration("/s"), expected);
    }

    #[test]
    fn a_token_is_said_alone() {
        let options = Options { login: Login::Token("t".into()), ..Options::default() };
        assert!(options.configuration("/s").ends_with("authorization { token: \"t\" }\n"));
    }
}
