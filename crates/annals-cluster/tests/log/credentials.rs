//! Users who prove with a key who they are, as NATS has them: an operator vouches for an account,
//! and the account for its users, each by a signed token (JWT with Ed25519).

use annals_testbed::nats::Operator;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nkeys::KeyPair;
use serde_json::{Value, json};

/// When the tokens were made; they do not expire.
const ISSUED: u64 = 1_700_000_000;

/// The keys of an operator, of an account, and of the account of the server itself, which may not
/// have JetStream.
pub(crate) struct Keys {
    operator: KeyPair,
    account: KeyPair,
    system: KeyPair,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let [account, system] = [KeyPair::new_account(), KeyPair::new_account()];
        Self { operator: KeyPair::new_operator(), account, system }
    }

    /// What the server is told.
    pub(crate) fn operator(&self) -> Operator {
        let own = json!({ "type": "operator", "version": 2 });
        Operator {
            token: token(&self.operator, &self.operator, "operator", &own),
            accounts: vec![self.vouched(&self.account, -1), self.vouched(&self.system, 0)],
            system_account: self.system.public_key(),
        }
    }

    /// An account with everything, and so much of JetStream.
    fn vouched(&self, account: &KeyPair, jetstream: i64) -> (String, String) {
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1,
            "leaf": -1, "wildcards": true, "mem_storage": jetstream, "disk_storage": jetstream,
            "streams": jetstream, "consumer": jetstream,
        });
        let claims = json!({ "type": "account", "version": 2, "limits": limits });
        (account.public_key(), token(&self.operator, account, "account", &claims))
    }

    /// The file of a user of the account: its token, and the key that proves that it is its own.
    pub(crate) fn user(&self, name: &str) -> String {
        let user = KeyPair::new_user();
        let may = json!({
            "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {},
        });
        let token = token(&self.account, &user, name, &may);
        let seed = user.seed().unwrap();
        format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

fn token(issuer: &KeyPair, subject: &KeyPair, name: &str, nats: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = json!({
        "jti": name, "iat": ISSUED, "iss": issuer.public_key(), "name": name,
        "sub": subject.public_key(), "nats": nats,
    });
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}
