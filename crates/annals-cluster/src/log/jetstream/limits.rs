//! How long and how much, in one place, each with its reason.

use std::time::Duration;

/// How long a server may take to take up a connection. One that is switched off costs this much.
pub(super) const CONNECT: Duration = Duration::from_secs(1);

/// How long servers that may only be starting are tried again; they take connections within a
/// second.
pub(super) const STARTED: Duration = Duration::from_secs(5);

/// The pause before that.
pub(super) const STARTED_PAUSE: Duration = Duration::from_millis(50);

/// How often a quiet connection is asked whether it lives; after three silences it is given up.
pub(super) const PING_EVERY: Duration = Duration::from_secs(1);

/// The longest pause between two attempts to reconnect.
pub(super) const RECONNECT_PAUSE_MAX: Duration = Duration::from_millis(250);

/// How many messages wait to be written to a connection. While it is away they wait there.
pub(super) const WRITES_QUEUED: usize = 128;

/// How many received messages wait to be read; more than the log is ever asked for at a time.
pub(super) const READS_QUEUED: usize = 16_384;

/// How long a publish waits for its acknowledgement. It takes milliseconds when there is a leader.
pub(super) const ACKNOWLEDGED: Duration = Duration::from_secs(2);

/// How long a question to the leader of the stream waits.
pub(super) const ANSWERED: Duration = Duration::from_secs(2);

/// For how long requests that wait in vain have to do so, until another server is tried. With the
/// time that the first of them waits this is 10 s: most elections are over by then.
pub(super) const SILENT: Duration = Duration::from_secs(8);

/// How long servers that have no leader are asked again.
pub(super) const LED: Duration = Duration::from_secs(20);

/// The pause before that.
pub(super) const LED_PAUSE: Duration = Duration::from_millis(100);

/// How many messages one pull asks for; up to two of them are owed at a time.
pub(super) const PULL_MESSAGES: usize = 512;

/// How many bytes one pull asks for.
pub(super) const PULL_BYTES: usize = 8 << 20;

/// After which time a pull that was not filled is asked anew.
pub(super) const PULL_EXPIRES: Duration = Duration::from_secs(30);

/// How often the server says that it has nothing to say.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(250);

/// After which silence a consumer is taken for lost: two heartbeats and a little.
pub(super) const SILENCE: Duration = Duration::from_millis(600);

/// After which time without pulls the server forgets a consumer.
pub(super) const CONSUMER_FORGOTTEN: Duration = Duration::from_secs(30);

/// How long the first attempt to make a consumer waits, and how long the last ones.
pub(super) const CONSUMER_MADE: [Duration; 2] =
    [Duration::from_millis(700), Duration::from_secs(5)];

/// The pauses between attempts to make a consumer, and after consumers that gave nothing.
pub(super) const CONSUMER_PAUSE: [Duration; 2] =
    [Duration::from_millis(50), Duration::from_millis(500)];

/// How long a consumer may take before messages are read without one.
pub(super) const DIRECT_AFTER: Duration = Duration::from_millis(100);

/// How often the log is asked for messages while there is no consumer.
pub(super) const DIRECT_EVERY: Duration = Duration::from_millis(25);

/// How long a read without a consumer waits for its next message.
pub(super) const DIRECT_ANSWERED: Duration = Duration::from_millis(500);

/// How many messages one read without a consumer asks for, and how many bytes.
pub(super) const DIRECT_MESSAGES: usize = 256;
pub(super) const DIRECT_BYTES: usize = 4 << 20;

/// How long the servers may deny what a log needs before it is believed. Servers that start know
/// of their streams only after a while, and a leader that was paused knows too little.
pub(super) const DENIAL_BELIEVED: Duration = Duration::from_secs(15);
