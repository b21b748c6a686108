//! What clients are told when something about a group goes wrong; they know it by the trailers.

use annals_core::{Error, ErrorKind};
use tonic::{Code, Status};

use super::identity::GroupId;
use crate::{
    leader::not_ready,
    wire::status::{exception, status},
};

/// Why something about a group was not done.
#[derive(Debug)]
pub(crate) enum Refused {
    DoesNotExist,
    Exists,
    /// There are as many consumers as the group allows.
    Full,
    /// The group was changed, deleted or started anew.
    Dropped,
    /// This server does not drive the groups at the moment.
    NotLed,
    /// What was asked for cannot be done.
    Failed(String),
    /// The store could not do it.
    Store(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidArgument | ErrorKind::TooLarge => Self::Failed(error.to_string()),
            _ => Self::Store(error),
        }
    }
}

impl Refused {
    /// The answer for calls about a group.
    pub(crate) fn of(self, group: &GroupId) -> Status {
        self.named(group.source.as_str(), &group.name)
    }

    /// The answer for calls about the group of this name on this stream.
    pub(crate) fn named(self, stream: &str, group: &str) -> Status {
        let facts = [("stream-name", stream), ("group-name", group)];
        match self {
            Self::DoesNotExist => exception(
                Code::NotFound,
                "persistent-subscription-does-not-exist",
                format!("Subscription group {group} on stream {stream} does not exist."),
                &facts,
            ),
            Self::Exists => exception(
                Code::AlreadyExists,
                "persistent-subscription-exists",
                format!("Subscription group {group} on stream {stream} exists."),
                &facts,
            ),
            Self::Full => exception(
                Code::FailedPrecondition,
                "maximum-subscribers-reached",
                format!(
                    "Maximum subscriptions reached for subscription group {group} on stream {stream}."
                ),
                &facts,
            ),
            Self::Dropped => exception(
                Code::Cancelled,
                "persistent-subscription-dropped",
                format!("Subscription group {group} on stream {stream} was dropped."),
                &facts,
            ),
            Self::Failed(reason) => exception(
                Code::Internal,
                "persistent-subscription-failed",
                format!("Subscription group {group} on stream {stream} failed: '{reason}'"),
                &[facts[0], facts[1], ("reason", &reason)],
            ),
            Self::NotLed => not_ready(),
            Self::Store(error) => status(&error),
        }
    }
}

/// A consumer took too long to take what was sent to it.
pub(crate) fn too_slow() -> Status {
    Status::aborted("Operation timed out: Consumer too slow")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(refused: Refused) -> (Code, String, String) {
        let status = refused.named("account-1", "readers");
        let trailer = |name| status.metadata().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(trailer("stream-name"), "account-1");
        assert_eq!(trailer("group-name"), "readers");
        (status.code(), trailer("exception"), status.message().to_owned())
    }

    #[test]
    fn every_refusal_has_the_code_and_the_trailers_that_clients_know() {
        let code_and_kind = |refused| {
            let (code, kind, _) = told(refused);
            (code, kind.trim_start_matches("persistent-subscription-").to_owned())
        };
        let pair = |code, kind: &str| (code, kind.to_owned());
        assert_eq!(code_and_kind(Refused::DoesNotExist), pair(Code::NotFound, "does-not-exist"));
        assert_eq!(code_and_kind(Refused::Exists), pair(Code::AlreadyExists, "exists"));
        assert_eq!(code_and_kind(Refused::Dropped), pair(Code::Cancelled, "dropped"));
        let failed = Refused::Failed("too few".to_owned());
        assert_eq!(code_and_kind(failed), pair(Code::Internal, "failed"));
        let (code, kind, message) = told(Refused::Full);
        assert_eq!(
            (code, kind.as_str()),
            (Code::FailedPrecondition, "maximum-subscribers-reached")
        );
        assert!(message.starts_with("Maximum subscriptions reached"), "{message}");
    }

    #[test]
    fn what_the_client_got_wrong_is_a_failed_subscription_and_the_rest_is_the_stores() {
        assert!(matches!(Refused::from(Error::invalid("no")), Refused::Failed(_)));
        let closed = Refused::from(Error::new(ErrorKind::Closed, "closed"));
        assert_eq!(closed.named("s", "g").code(), Code::Unavailable);
    }
}
