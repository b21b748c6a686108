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
    /// These users.
    Users(Vec<User>),
    /// Whoever knows this.
    Token(String),
    /// The users of accounts, which prove with a key of their own who they are.
    Operator(Operator),
}

/// A user with a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// What it may do; everything where nothing is said.
    pub permissions: Option<Permissions>,
}

/// The subjects that a user may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// To publish to.
    pub publish: Vec<String>,
    /// To subscribe to.
    pub subscribe: Vec<String>,
}

/// An operator and the accounts that it vouches for, with signed tokens (JWT).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The operator's token.
    pub token: String,
    /// The public keys of the accounts, and their tokens.
    pub accounts: Vec<(String, String)>,
    /// The key of that of the server itself.
    pub system_account: String,
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
                let users = users.iter().map(User::configuration).collect::<Vec<_>>().join(", ");
                format!("authorization {{ users: [ {users} ] }}\n")
            }
            Self::Operator(Operator { token, accounts, system_account }) => {
                let accounts = accounts.iter().map(|(key, token)| format!("{key}: {token}"));
                let accounts = accounts.collect::<Vec<_>>().join(", ");
                format!(
                    "operator: {token}\nsystem_account: {system_account}\nresolver: MEMORY\n\
                     resolver_preload {{ {accounts} }}\n"
                )
            }
        }
    }
}

impl User {
    /// One that may do everything.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), permissions: None }
    }

    fn configuration(&self) -> String {
        let permissions = self.permissions.as_ref().map(|permissions| {
            let Permissions { publish, subscribe } = permissions;
            let (publish, subscribe) = (list(publish), list(subscribe));
            format!(", permissions: {{ publish: {publish}, subscribe: {subscribe} }}")
        });
        let (name, password) = (quoted(&self.name), quoted(&self.password));
        format!("{{ user: {name}, password: {password}{} }}", permissions.unwrap_or_default())
    }
}

fn list(values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| quoted(value)).collect();
    format!("[{}]", quoted.join(", "))
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
            login: Login::Users(vec![
                User::new("a", "b\"c"),
                User {
                    permissions: Some(Permissions {
                        publish: vec!["x.>".into(), "y".into()],
                        subscribe: Vec::new(),
                    }),
                    ..User::new("d", "e")
                },
            ]),
            tls: Some(Tls { certificate: "/c".into(), key: "/k".into() }),
        };
        let expected = r#"jetstream { store_dir: "/s", sync_interval: always }
max_payload: 7
authorization { users: [ { user: "a", password: "b\"c" }, { user: "d", password: "e", permissions: { publish: ["x.>", "y"], subscribe: [] } } ] }
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
