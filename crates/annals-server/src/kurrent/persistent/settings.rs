//! How a group was set up, checked.

use std::{num::NonZeroU64, time::Duration};

use annals_core::{Error, Position, Result, Version};
use serde::{Deserialize, Serialize};

use super::{
    group::{Rules, SaveRule, Sharing},
    identity::{GroupId, Source},
};
use crate::{
    filter::{Expression, Filter, Subject},
    wire::position,
};

/// The name, the settings and the beginning of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) id: GroupId,
    pub(crate) settings: Settings,
    pub(crate) start: Start,
    /// The first place that the group gets when it has no checkpoint. `End` is looked up once,
    /// when the group is made, so that nothing is left out while the server is down.
    pub(crate) begin: u64,
    pub(crate) filter: Option<FilterSettings>,
}

/// The numbers that clients set, in their units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    #[serde(rename = "resolveLinkTos")]
    pub(crate) resolve_links: bool,
    pub(crate) extra_statistics: bool,
    /// Milliseconds; 0 is never.
    #[serde(rename = "messageTimeout")]
    pub(crate) message_timeout_ms: i32,
    pub(crate) max_retry_count: i32,
    /// Milliseconds; 0 is never.
    #[serde(rename = "checkPointAfter")]
    pub(crate) checkpoint_after_ms: i32,
    #[serde(rename = "minCheckPointCount")]
    pub(crate) min_checkpoint_count: i32,
    #[serde(rename = "maxCheckPointCount")]
    pub(crate) max_checkpoint_count: i32,
    /// 0 is any number.
    pub(crate) max_subscriber_count: i32,
    pub(crate) live_buffer_size: i32,
    pub(crate) read_batch_size: i32,
    pub(crate) history_buffer_size: i32,
    #[serde(rename = "namedConsumerStrategy")]
    pub(crate) strategy: Strategy,
}

/// How events are shared out among the consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Strategy {
    RoundRobin,
    DispatchToSingle,
    Pinned,
    PinnedByCorrelation,
}

/// Where a group was told to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With what comes next.
    End,
    /// With this version or wire position, included.
    At(u64),
}

/// Which events of the whole store a group gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FilterSettings {
    pub(crate) subject: FilterSubject,
    #[serde(default)]
    pub(crate) regex: String,
    #[serde(default)]
    pub(crate) prefixes: Vec<String>,
    /// After how many events that were looked at progress is noted.
    pub(crate) interval: NonZeroU64,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FilterSubject {
    Stream,
    EventType,
}

/// The most events that one group keeps in memory for each of its buffers, and that one consumer
/// may have at once, whatever is asked for.
pub(super) const EVENTS_MAX: usize = 10_000;

impl Strategy {
    const ALL: [Self; 4] =
        [Self::RoundRobin, Self::DispatchToSingle, Self::Pinned, Self::PinnedByCorrelation];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "RoundRobin",
            Self::DispatchToSingle => "DispatchToSingle",
            Self::Pinned => "Pinned",
            Self::PinnedByCorrelation => "PinnedByCorrelation",
        }
    }

    /// The strategy of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == name)
    }
}

impl Start {
    /// As clients read it.
    pub(crate) fn shown(self, source: &Source) -> String {
        match (source, self) {
            (Source::Stream(_), Self::End) => "-1".to_owned(),
            (Source::Stream(_), Self::At(version)) => version.to_string(),
            (Source::All, Self::End) => "C:-1/P:-1".to_owned(),
            (Source::All, Self::At(position)) => format!("C:{position}/P:{position}"),
        }
    }

    /// The place at which events begin; `None` for the end.
    pub(crate) fn place(self, source: &Source) -> Option<u64> {
        match (source, self) {
            (_, Self::End) => None,
            (Source::Stream(_), Self::At(version)) => Some(version),
            (Source::All, Self::At(at)) => Some(position::from_wire(at).map_or(0, Position::get)),
        }
    }
}

/// A place as clients read it.
pub(crate) fn place_shown(source: &Source, place: u64) -> String {
    match source {
        Source::Stream(_) => Version::new(place).to_string(),
        Source::All => {
            let at = position::to_wire(Position::new(place));
            format!("C:{at}/P:{at}")
        }
    }
}

impl FilterSettings {
    /// # Errors
    /// `InvalidArgument` for a pattern that cannot be read.
    pub(crate) fn filter(&self) -> Result<Filter> {
        let subject = match self.subject {
            FilterSubject::Stream => Subject::Stream,
            FilterSubject::EventType => Subject::EventType,
        };
        let (regex, prefixes) = (self.regex.clone(), self.prefixes.clone());
        Filter::new(subject, Expression { regex, prefixes })
    }
}

impl Settings {
    /// # Errors
    /// `InvalidArgument` with the setting that makes no sense.
    pub(crate) fn check(&self) -> Result<()> {
        let numbers = [
            ("message timeout", self.message_timeout_ms),
            ("maximum retry count", self.max_retry_count),
            ("checkpoint time", self.checkpoint_after_ms),
            ("minimum checkpoint count", self.min_checkpoint_count),
            ("maximum checkpoint count", self.max_checkpoint_count),
            ("maximum subscriber count", self.max_subscriber_count),
            ("live buffer size", self.live_buffer_size),
            ("read batch size", self.read_batch_size),
            ("history buffer size", self.history_buffer_size),
        ];
        if let Some((name, number)) = numbers.iter().find(|(_, number)| *number < 0) {
            return Err(Error::invalid(format!(
                "the {name} is {number}, but must not be negative"
            )));
        }
        if self.read_batch_size >= self.history_buffer_size {
            return Err(Error::invalid(format!(
                "the read batch size is {}, but must be less than the history buffer size, {}",
                self.read_batch_size, self.history_buffer_size
            )));
        }
        Ok(())
    }

    /// What the settings mean for the group.
    pub(super) fn rules(&self) -> Rules {
        Rules {
            sharing: match self.strategy {
                Strategy::RoundRobin => Sharing::RoundRobin,
                Strategy::DispatchToSingle => Sharing::OneAfterAnother,
                Strategy::Pinned | Strategy::PinnedByCorrelation => Sharing::Pinned,
            },
            timeout: duration(self.message_timeout_ms),
            retries_max: self.max_retry_count.unsigned_abs(),
            consumers_max: (self.max_subscriber_count > 0)
                .then(|| count(self.max_subscriber_count)),
            waiting_max: buffer(self.history_buffer_size),
            waiting_live_max: buffer(self.live_buffer_size),
            replay_max: buffer(self.read_batch_size),
            save: SaveRule {
                after: duration(self.checkpoint_after_ms),
                events_min: u64::from(self.min_checkpoint_count.unsigned_abs()),
                events_max: u64::from(self.max_checkpoint_count.unsigned_abs()),
            },
            measures_latency: self.extra_statistics,
        }
    }
}

fn duration(ms: i32) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(u64::from(ms.unsigned_abs())))
}

fn count(number: i32) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// A number of events to keep: at least one, or nothing would ever move.
pub(super) fn buffer(number: i32) -> usize {
    count(number).clamp(1, EVENTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::StreamName;

    /// What clients send when nothing is said.
    fn settings() -> Settings {
        Settings {
            resolve_links: false,
            extra_statistics: false,
            message_timeout_ms: 30_000,
            max_retry_count: 10,
            checkpoint_after_ms: 2_000,
            min_checkpoint_count: 10,
            max_checkpoint_count: 1_000,
            max_subscriber_count: 0,
            live_buffer_size: 500,
            read_batch_size: 20,
            history_buffer_size: 500,
            strategy: Strategy::RoundRobin,
        }
    }

    #[test]
    fn a_batch_must_fit_into_the_buffer_and_no_number_is_negative() {
        assert!(settings().check().is_ok());
        assert!(Settings { read_batch_size: 500, ..settings() }.check().is_err());
        let error = Settings { max_retry_count: -1, ..settings() }.check().unwrap_err();
        assert!(error.to_string().contains("maximum retry count"), "{error}");
    }

    #[test]
    fn zero_means_never_any_number_or_at_least_one() {
        let zero = Settings { message_timeout_ms: 0, live_buffer_size: 0, ..settings() };
        let rules = zero.rules();
        assert_eq!((rules.timeout, rules.consumers_max, rules.waiting_live_max), (None, None, 1));
        let huge = Settings { history_buffer_size: i32::MAX, ..settings() };
        assert_eq!(huge.rules().waiting_max, EVENTS_MAX);
    }

    #[test]
    fn places_are_shown_as_versions_or_wire_positions() {
        let stream = Source::Stream(StreamName::new("account-1").unwrap());
        assert_eq!(Start::End.shown(&stream), "-1");
        assert_eq!(Start::At(7).shown(&stream), "7");
        assert_eq!(Start::End.shown(&Source::All), "C:-1/P:-1");
        assert_eq!(Start::At(0).shown(&Source::All), "C:0/P:0");
        assert_eq!(place_shown(&Source::All, 6), "C:7/P:7");
        assert_eq!(Start::At(7).place(&Source::All), Some(6));
        assert_eq!(Start::At(0).place(&Source::All), Some(0));
        assert_eq!(Start::At(7).place(&stream), Some(7));
    }

    #[test]
    fn a_strategy_is_known_by_its_name() {
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::named(strategy.as_str()), Some(strategy));
        }
        assert_eq!(Strategy::named("Random"), None);
    }
}
