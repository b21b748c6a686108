//! What a URL says about the store, over what the program says.

use std::time::Duration;

use annals_core::Result;

use super::{
    duration,
    environment::{Asked, Value},
};
use crate::{Migrate, Options, Partitions, options::check_schema};

const A_DURATION: &str = "write a time with its unit, such as `500ms`, `30s`, `5min`";

/// The options that the URL sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings {
    schema: Option<String>,
    migrate: Option<Migrate>,
    partitions: Option<Partitions>,
    pool_size: Option<usize>,
    pool_timeout: Option<Duration>,
    statement_timeout: Option<Duration>,
    answer_grace: Option<Duration>,
    lock_timeout: Option<Duration>,
    patience: Option<Duration>,
    poll_every: Option<Duration>,
}

impl Settings {
    pub(super) fn read(asked: &Asked<'_>) -> Result<Self> {
        let time = |name| asked.read(name, a_duration);
        Ok(Self {
            schema: asked
                .read("schema", |value| check_schema(value.text).map(|()| value.text.to_owned()))?,
            migrate: asked.read("migrate", |value| match value.text {
                "on-open" => Ok(Migrate::OnOpen),
                "never" => Ok(Migrate::Never),
                _ => Err(value.refuse("it is `on-open` or `never`")),
            })?,
            partitions: asked.read("partitions", |value| {
                let count = value.text.parse::<Partitions>();
                count.map_err(|_| value.refuse("it is a power of two from 2 to 256"))
            })?,
            pool_size: asked.read("pool_size", |value| {
                let size = value.text.parse().ok().filter(|size| (1..=10_000).contains(size));
                size.ok_or_else(|| value.refuse("it is a number of connections from 1 to 10000"))
            })?,
            pool_timeout: time("pool_timeout")?,
            statement_timeout: time("statement_timeout")?,
            answer_grace: time("answer_grace")?,
            lock_timeout: time("lock_timeout")?,
            patience: time("patience")?,
            poll_every: asked.read("poll_every", |value| {
                a_duration(value).and_then(|time| match time.is_zero() {
                    true => Err(value.refuse("it is a time above zero")),
                    false => Ok(time),
                })
            })?,
        })
    }

    pub(super) fn over(&self, options: Options) -> Options {
        Options {
            schema: self.schema.clone().unwrap_or(options.schema),
            migrate: self.migrate.unwrap_or(options.migrate),
            partitions: self.partitions.or(options.partitions),
            pool_size: self.pool_size.unwrap_or(options.pool_size),
            pool_timeout: self.pool_timeout.unwrap_or(options.pool_timeout),
            statement_timeout: self.statement_timeout.unwrap_or(options.statement_timeout),
            answer_grace: self.answer_grace.unwrap_or(options.answer_grace),
            lock_timeout: self.lock_timeout.unwrap_or(options.lock_timeout),
            patience: self.patience.unwrap_or(options.patience),
            poll_every: self.poll_every.unwrap_or(options.poll_every),
            ..options
        }
    }
}

fn a_duration(value: Value<'_>) -> Result<Duration> {
    duration::parse(value.text).ok_or_else(|| value.refuse(A_DURATION))
}

/// A time that is in seconds where no unit is given, as in libpq; zero and less is none.
pub(super) fn connect_timeout(value: Value<'_>) -> Result<Option<Duration>> {
    let seconds = value.text.parse::<i32>().ok();
    let time = seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    let time = time.or_else(|| duration::parse(value.text));
    let time = time.ok_or_else(|| value.refuse("write seconds, or a time with its unit"))?;
    Ok((!time.is_zero()).then_some(time))
}
