//! Questions about groups go to the server that drives them, whichever was asked first.
//!
//! A server of a cluster that does not drive the groups says which one does. It is reached in the
//! same way as the one that was named, with the same login.

use annals_proto::kurrentdb::persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient;
use tonic::{Response, Status};

use crate::{Refused, Result, Server, server::Connection};

/// How often a question is sent on. Who was the leader may have ended meanwhile, and say who is.
const MOVES_MAX: usize = 2;

/// What questions about groups are asked through.
pub(crate) type Groups = PersistentSubscriptionsClient<Connection>;

impl Server {
    /// The answer to a question about groups.
    pub(crate) async fn ask_groups<Q: Clone, A>(
        &self,
        question: Q,
        ask: impl AsyncFn(Groups, Q) -> Result<Response<A>, Status>,
    ) -> Result<A> {
        let mut moves = 0;
        loop {
            let asked = ask(self.groups_client(), question.clone());
            let status = match self.within_time(asked).await? {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            match leader(&status).filter(|_| moves < MOVES_MAX) {
                Some(authority) => self.move_to(&authority)?,
                None => return Err(Refused::of(&status)),
            }
            moves += 1;
        }
    }
}

/// Where the server is that drives the groups, if an answer says so: its host and port.
fn leader(status: &Status) -> Option<String> {
    let trailer = |name| status.metadata().get(name)?.to_str().ok();
    if trailer("exception")? != "not-leader" {
        return None;
    }
    let (host, port) = (trailer("leader-endpoint-host")?, trailer("leader-endpoint-port")?);
    let port: u16 = port.parse().ok()?;
    let is_bare = host.contains(':') && !host.starts_with('[');
    Some(if is_bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn told(trailers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut status = Status::new(Code::NotFound, "Leader info available");
        for (name, value) in trailers {
            status.metadata_mut().insert(*name, value.parse().unwrap());
        }
        leader(&status)
    }

    #[test]
    fn a_server_that_is_not_the_leader_says_which_is() {
        let kind = ("exception", "not-leader");
        let at = |host| [kind, ("leader-endpoint-host", host), ("leader-endpoint-port", "2113")];
        assert_eq!(told(&at("n2.local")).as_deref(), Some("n2.local:2113"));
        assert_eq!(told(&at("::1")).as_deref(), Some("[::1]:2113"));
        assert_eq!(told(&at("[::1]")).as_deref(), Some("[::1]:2113"));
        assert_eq!(told(&[kind]), None);
        let missing = ("exception", "persistent-subscription-does-not-exist");
        assert_eq!(told(&[missing, at("n2.local")[1], at("n2.local")[2]]), None);
    }
}
