//! A node in a process of its own: serves appends that come as lines, until its input ends or it
//! is killed.

use std::{
    io::{self, BufRead},
    process::ExitCode,
};

use annals_cluster::{Cluster, Options, url::Target};
use annals_core::{
    Appended, Backend, Error, ErrorKind, Position, Result, StreamAppended, StreamName, Version,
};
use annals_engine::Command;
use bytes::Bytes;
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

/// The variable that makes this program a node, with its URL.
pub(crate) const URL: &str = "ANNALS_FAULTS_NODE";
/// The first line of a node that has caught up.
pub(crate) const READY: &str = "ready";

/// An answer, as a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Stored { position: Option<u64>, duplicate: bool, versions: Vec<[Option<u64>; 2]> },
    ConditionFailed { condition: usize, position: u64 },
    Failed { kind: String, message: String },
}

/// Serves until the input ends.
pub(crate) fn serve(url: &str) -> ExitCode {
    let target: Target = url.parse().unwrap();
    let node = match block_on(Cluster::open_target(&target, Options::default())) {
        Ok(node) => node,
        Err(error) => {
            println!("{}: {error}", error.kind().code());
            return ExitCode::FAILURE;
        }
    };
    println!("{READY}");
    let runtime = Runtime::new().unwrap();
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let (number, command) = line.split_once(' ').unwrap();
        let (number, command) = (number.parse().unwrap(), from_hex(command));
        let node = node.clone();
        runtime.spawn(async move {
            let Ok(Command::Append(append)) = Command::decode(&command) else { return };
            let answer = Answer::of(node.append(append).await);
            println!("{}", serde_json::to_string::<(u64, Answer)>(&(number, answer)).unwrap());
        });
    }
    block_on(node.close()).unwrap();
    ExitCode::SUCCESS
}

/// The number of a request and its answer.
pub(crate) fn read_answer(line: &str) -> Option<(u64, Answer)> {
    serde_json::from_str(line).ok()
}

impl Answer {
    fn of(result: Result<Appended>) -> Self {
        match result {
            Ok(Appended { streams, position, duplicate }) => {
                let versions = streams.iter().map(|row| {
                    [row.first_version, row.last_version].map(|version| version.map(Version::get))
                });
                let versions = versions.collect();
                Self::Stored { position: position.map(Position::get), duplicate, versions }
            }
            Err(error) => match error.condition_failed() {
                Some(facts) => Self::ConditionFailed {
                    condition: facts.condition,
                    position: facts.position.get(),
                },
                None => Self::Failed {
                    kind: error.kind().code().to_owned(),
                    message: error.to_string(),
                },
            },
        }
    }

    /// What a node of this process would have answered.
    pub(crate) fn read(self, streams: Vec<StreamName>) -> Result<Appended> {
        match self {
            Self::Stored { position, duplicate, versions } => {
                let rows = streams.into_iter().zip(versions).map(|(stream, versions)| {
                    let [first_version, last_version] =
                        versions.map(|version| version.map(Version::new));
                    StreamAppended { stream, first_version, last_version }
                });
                let streams = rows.collect();
                Ok(Appended { streams, position: position.map(Position::new), duplicate })
            }
            Self::ConditionFailed { condition, position } => {
                Err(Error::condition_failed_at(condition, Position::new(position)))
            }
            Self::Failed { kind, message } => {
                let kind = ErrorKind::ALL.into_iter().find(|one| one.code() == kind).unwrap();
                Err(Error::new(kind, message))
            }
        }
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Bytes {
    let digits = text.as_bytes().chunks(2);
    let bytes =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    bytes.collect::<Vec<_>>().into()
}
