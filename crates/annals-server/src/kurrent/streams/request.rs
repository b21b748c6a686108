//! What a client asks to read: the options of a read, checked and in the words of the store.

use std::num::NonZeroU64;

use annals_core::{Direction, Error, Position, Result, StreamName, SubscribeStart, Version};
use annals_proto::kurrentdb::{
    StreamIdentifier,
    streams::read_req::{
        Options,
        options::{
            AllOptions, CountOption, FilterOption, FilterOptions, ReadDirection, StreamOption,
            StreamOptions, all_options::AllOption, filter_options, stream_options::RevisionOption,
            uuid_option,
        },
    },
};

use crate::{
    filter::{Expression, Filter, Subject},
    wire::{
        ids::{self, UuidForm},
        position,
    },
};

/// A read or a subscription as asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) what: What,
    pub(super) extent: Extent,
    pub(super) links: Links,
    pub(super) form: UuidForm,
    pub(super) bounds: Bounds,
}

/// What is read, and from where.
#[derive(Debug)]
pub(super) enum What {
    Stream { stream: StreamName, from: From<Version> },
    All { from: From<Option<Position>>, filter: Option<(Filter, Window)> },
}

/// Where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From<P> {
    Start,
    End,
    At(P),
}

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// At most so many events that are there.
    Count(u64, Direction),
    /// For ever.
    Subscription,
}

/// What becomes of events that point at others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    AsTheyAre,
    Resolved,
}

/// Whether the reader wants to be told where the stream begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    Unsaid,
    Told,
}

/// After how many events that were looked at a subscription is told how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) interval: NonZeroU64,
}

/// The window where the client leaves it to the server.
const WINDOW: u32 = 32;

impl Asked {
    pub(super) fn new(options: Option<Options>) -> Result<Self> {
        let options = options.ok_or_else(|| required("options"))?;
        let extent = extent(&options)?;
        let form = match options.uuid_option.and_then(|option| option.content) {
            Some(uuid_option::Content::Structured(_)) => UuidForm::Structured,
            Some(uuid_option::Content::String(_)) => UuidForm::Text,
            None => return Err(required("uuid_option")),
        };
        let filter = match options.filter_option {
            Some(FilterOption::Filter(filter)) => Some(filtered(filter)?),
            Some(FilterOption::NoFilter(_)) => None,
            None => return Err(required("filter_option")),
        };
        let what = match (options.stream_option, filter) {
            (Some(StreamOption::Stream(stream)), None) => of_stream(stream)?,
            (Some(StreamOption::Stream(_)), Some(_)) => {
                return Err(Error::invalid(
                    "The combination of a stream and a filter is invalid. Read `$all` with the \
                     filter",
                ));
            }
            (Some(StreamOption::All(all)), filter) => of_all(all, filter)?,
            (None, _) => return Err(required("stream_option")),
        };
        let compatibility = options.control_option.map_or(0, |control| control.compatibility);
        Ok(Self {
            what,
            extent,
            links: if options.resolve_links { Links::Resolved } else { Links::AsTheyAre },
            form,
            bounds: if compatibility == 0 { Bounds::Unsaid } else { Bounds::Told },
        })
    }
}

impl<P> From<P> {
    /// Where a read begins, given included; the end is where its direction begins or ends.
    pub(super) fn start(self) -> SubscribeStart<P> {
        match self {
            Self::Start => SubscribeStart::Beginning,
            Self::End => SubscribeStart::End,
            Self::At(place) => SubscribeStart::After(place),
        }
    }
}

fn required(what: &str) -> Error {
    Error::invalid(format!("'{what}' is a required argument"))
}

fn extent(options: &Options) -> Result<Extent> {
    match options.count_option {
        Some(CountOption::Count(count)) => {
            let direction = match ReadDirection::try_from(options.read_direction) {
                Ok(ReadDirection::Forwards) => Direction::Forward,
                Ok(ReadDirection::Backwards) => Direction::Backward,
                Err(_) => return Err(Error::invalid("the read direction is not known")),
            };
            Ok(Extent::Count(count, direction))
        }
        Some(CountOption::Subscription(_)) => {
            if options.read_direction == ReadDirection::Backwards as i32 {
                return Err(Error::invalid(
                    "The combination of a subscription and backwards is invalid.",
                ));
            }
            Ok(Extent::Subscription)
        }
        None => Err(required("count_option")),
    }
}

fn of_stream(options: StreamOptions) -> Result<What> {
    let from = match options.revision_option {
        Some(RevisionOption::Revision(revision)) => From::At(Version::new(revision)),
        Some(RevisionOption::Start(_)) => From::Start,
        Some(RevisionOption::End(_)) => From::End,
        None => return Err(required("revision_option")),
    };
    Ok(What::Stream { stream: name(options.stream_identifier)?, from })
}

fn name(stream: Option<StreamIdentifier>) -> Result<StreamName> {
    ids::stream_name(stream)
}

fn of_all(options: AllOptions, filter: Option<(Filter, Window)>) -> Result<What> {
    let from = match options.all_option {
        Some(AllOption::Position(at)) => From::At(position::from_wire(at.commit_position)),
        Some(AllOption::Start(_)) => From::Start,
        Some(AllOption::End(_)) => From::End,
        None => return Err(required("all_option")),
    };
    Ok(What::All { from, filter })
}

fn filtered(options: FilterOptions) -> Result<(Filter, Window)> {
    let (subject, expression) = match options.filter {
        Some(filter_options::Filter::StreamIdentifier(expression)) => (Subject::Stream, expression),
        Some(filter_options::Filter::EventType(expression)) => (Subject::EventType, expression),
        None => return Err(required("filter")),
    };
    let expression = Expression { regex: expression.regex, prefixes: expression.prefix };
    let window = match options.window {
        Some(filter_options::Window::Max(max)) => max,
        Some(filter_options::Window::Count(_)) => WINDOW,
        None => return Err(required("window")),
    };
    let interval = u64::from(window) * u64::from(options.checkpoint_interval_multiplier);
    let interval = NonZeroU64::new(interval).ok_or_else(|| {
        Error::invalid("'window' and 'checkpointIntervalMultiplier' must be greater than zero")
    })?;
    Ok((Filter::new(subject, expression)?, Window { interval }))
}
