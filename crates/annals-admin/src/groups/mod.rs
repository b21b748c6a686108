//! Groups: consumers that share the events of a stream or of the whole store.

mod info;
mod settings;
mod wire;

use std::{fmt, str::FromStr};

use annals_core::{Error, ErrorKind, StreamName};
use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::{
        DeleteReq, GetInfoReq, ListReq, ReplayParkedReq, TruncateParkedReq, delete_req,
        get_info_req, list_req, replay_parked_req, truncate_parked_req,
    },
};

pub use self::{
    info::{Connection, GroupInfo},
    settings::{Filter, Matching, Settings, Start, Strategy},
};
use crate::{Refused, Result, Server, ids};

/// What a group follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The whole store: `$all`.
    All,
    /// A stream.
    Stream(StreamName),
}

/// Which group: what it follows, and its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupName {
    /// What it follows.
    pub source: Source,
    /// Its name, which is not empty.
    pub name: String,
}

const ALL: &str = "$all";

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> annals_core::Result<Self> {
        if text == ALL { Ok(Self::All) } else { Ok(Self::Stream(text.parse()?)) }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL),
            Self::Stream(stream) => stream.fmt(f),
        }
    }
}

impl GroupName {
    /// The stream of the events that its consumers could not deal with.
    ///
    /// # Errors
    /// `InvalidArgument` or `TooLarge` when the names together are none for a stream.
    pub fn parked_stream(&self) -> annals_core::Result<StreamName> {
        StreamName::new(format!("$persistentsubscription-{}::{}-parked", self.source, self.name))
    }
}

impl Server {
    /// Makes a group.
    ///
    /// # Errors
    /// `Conflict` when there is one of that name; `InvalidArgument` for settings that make no sense
    /// or a filter on a stream; what keeps the server from answering.
    pub async fn create_group(
        &self,
        group: &GroupName,
        start: Start,
        filter: Option<&Filter>,
        settings: &Settings,
    ) -> Result<()> {
        let request = wire::create(self, group, start, filter, settings)?;
        self.ask_groups(request, async |mut groups, request| groups.create(request).await)
            .await
            .map(drop)
    }

    /// Gives a group other settings. Its filter stays, its consumers have to come again, and it goes
    /// on from its checkpoint; where it has none, it begins at `start`.
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for settings that make no sense; `Unsupported` for the strategy
    /// that an update cannot say; what keeps the server from answering.
    pub async fn update_group(
        &self,
        group: &GroupName,
        start: Start,
        settings: &Settings,
    ) -> Result<()> {
        if settings.strategy == Strategy::PinnedByCorrelation {
            let why = "the protocol cannot say the strategy `pinned-by-correlation` in an update; \
                       give another one, or delete the group and make it anew";
            return Err(Error::new(ErrorKind::Unsupported, why).into());
        }
        let request = wire::update(self, group, start, settings);
        self.ask_groups(request, async |mut groups, request| groups.update(request).await)
            .await
            .map(drop)
    }

    /// Deletes a group, with what it has parked and how far it was.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn delete_group(&self, group: &GroupName) -> Result<()> {
        use delete_req::options::StreamOption;
        let stream_option = Some(match &group.source {
            Source::All => StreamOption::All(Empty {}),
            Source::Stream(stream) => StreamOption::StreamIdentifier(ids::stream(stream)),
        });
        let options = delete_req::Options { group_name: group.name.clone(), stream_option };
        let request = DeleteReq { options: Some(options) };
        self.ask_groups(request, async |mut groups, request| groups.delete(request).await)
            .await
            .map(drop)
    }

    /// What is known of a group.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn group(&self, group: &GroupName) -> Result<GroupInfo> {
        use get_info_req::options::StreamOption;
        let stream_option = Some(match &group.source {
            Source::All => StreamOption::All(Empty {}),
            Source::Stream(stream) => StreamOption::StreamIdentifier(ids::stream(stream)),
        });
        let options = get_info_req::Options { group_name: group.name.clone(), stream_option };
        let request = GetInfoReq { options: Some(options) };
        let answer = self
            .ask_groups(request, async |mut groups, request| groups.get_info(request).await)
            .await?;
        let info = answer.subscription_info.ok_or_else(|| Refused::unreadable("a group"))?;
        GroupInfo::read(self, info)
    }

    /// All groups, or those of one source.
    ///
    /// # Errors
    /// `NotFound` when a source has none; what keeps the server from answering.
    pub async fn groups(&self, source: Option<&Source>) -> Result<Vec<GroupInfo>> {
        use list_req::{StreamOption, options::ListOption, stream_option};
        let of = |stream_option| {
            ListOption::ListForStream(StreamOption { stream_option: Some(stream_option) })
        };
        let list_option = Some(match source {
            None => ListOption::ListAllSubscriptions(Empty {}),
            Some(Source::All) => of(stream_option::StreamOption::All(Empty {})),
            Some(Source::Stream(stream)) => {
                of(stream_option::StreamOption::Stream(ids::stream(stream)))
            }
        });
        let request = ListReq { options: Some(list_req::Options { list_option }) };
        let answer = self
            .ask_groups(request, async |mut groups, request| groups.list(request).await)
            .await?;
        answer.subscriptions.into_iter().map(|info| GroupInfo::read(self, info)).collect()
    }

    /// Gives parked events to the consumers again: the first `count` of them, or all.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn replay_parked(&self, group: &GroupName, count: Option<u64>) -> Result<()> {
        use replay_parked_req::options::{StopAtOption, StreamOption};
        let stream_option = Some(match &group.source {
            Source::All => StreamOption::All(Empty {}),
            Source::Stream(stream) => StreamOption::StreamIdentifier(ids::stream(stream)),
        });
        let stop_at_option = Some(match count {
            Some(count) => StopAtOption::StopAt(i64::try_from(count).unwrap_or(i64::MAX)),
            None => StopAtOption::NoLimit(Empty {}),
        });
        let group_name = group.name.clone();
        let options = replay_parked_req::Options { group_name, stream_option, stop_at_option };
        let request = ReplayParkedReq { options: Some(options) };
        self.ask_groups(request, async |mut groups, request| groups.replay_parked(request).await)
            .await
            .map(drop)
    }

    /// Forgets parked events: the first `count` of them, or all. The events stay where they are.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn discard_parked(&self, group: &GroupName, count: Option<u64>) -> Result<()> {
        use truncate_parked_req::options::{StopAtOption, StreamOption};
        let stream_option = Some(match &group.source {
            Source::All => StreamOption::All(Empty {}),
            Source::Stream(stream) => StreamOption::StreamIdentifier(ids::stream(stream)),
        });
        let stop_at_option = Some(match count {
            Some(count) => StopAtOption::StopAt(i64::try_from(count).unwrap_or(i64::MAX)),
            None => StopAtOption::NoLimit(Empty {}),
        });
        let group_name = group.name.clone();
        let options = truncate_parked_req::Options { group_name, stream_option, stop_at_option };
        let request = TruncateParkedReq { options: Some(options) };
        self.ask_groups(request, async |mut groups, request| groups.truncate_parked(request).await)
            .await
            .map(drop)
    }

    /// Starts all groups anew from what is stored; their consumers have to come again.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub async fn restart_groups(&self) -> Result<()> {
        self.ask_groups(Empty {}, async |mut groups, empty| groups.restart_subsystem(empty).await)
            .await
            .map(drop)
    }
}
