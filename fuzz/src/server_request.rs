//! Any requests to the server, one after the other: each is answered, with a status that blames
//! whom it should; nothing panics, and the store stays whole.
//!
//! The first byte of an input chooses the server. Each request is three bytes and a length, then
//! so many bytes of body:
//!
//! | Byte | Chooses |
//! | --- | --- |
//! | 1 | the method or resource |
//! | 2 | a header that is odd, and the verb |
//! | 3 | the content type, and how the body is cut up |
//! | 4, 5 | the length of the body, big-endian |

use std::{convert::Infallible, pin::Pin};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use futures_lite::{future, stream};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use tokio::{task, time};
use tonic::{Code, Status};

use crate::{
    protobuf,
    random::Random,
    requests::{self, Seed},
    served::{self, Door, PATIENCE, Served},
};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What was asked for.
    pub path: &'static str,
    /// The status of gRPC; `None` for what is no call of gRPC, or goes on for ever.
    pub code: Option<Code>,
}

/// Requests in one input at most.
const REQUESTS_MAX: usize = 12;
/// How much of an answer is read before its reader goes away.
const FRAMES_MAX: usize = 64;
/// How often other tasks get their turn before an answer counts as one that waits for events.
const TURNS: usize = 64;

/// Headers that are not as they should be, and some that are.
const HEADERS: [(&str, &[u8]); 16] = [
    ("te", b"trailers"),
    ("grpc-timeout", b"0n"),
    ("grpc-timeout", b"99999999H"),
    ("grpc-timeout", b"999999999999999999999S"),
    ("grpc-timeout", b"-1x"),
    ("grpc-encoding", b"gzip"),
    ("grpc-encoding", b"\xff"),
    ("grpc-accept-encoding", b"gzip,identity,,\xfe"),
    ("authorization", b"Basic YWRtaW46Y2hhbmdlaXQ="),
    ("authorization", b"Basic \xff\xff"),
    ("authorization", b"Bearer annals_x_y"),
    ("authorization", b"Digest"),
    ("host", b"[::1"),
    ("connection-name", b"\xe2\x82\xac"),
    ("grpc-status", b"0"),
    ("traceparent", b"00-ff-ff-zz"),
];

const VERBS: [Method; 4] = [Method::POST, Method::GET, Method::HEAD, Method::OPTIONS];

const CONTENT_TYPES: [&str; 4] =
    ["application/grpc", "application/grpc+proto", "application/json", "application/grpc-web"];

/// One request of an input.
#[derive(Debug)]
struct Sent<'a> {
    method: u8,
    header: u8,
    form: u8,
    body: &'a [u8],
}

/// Sends the requests that the bytes say.
///
/// # Panics
/// When an answer does not come, or is none, or the server is not whole afterwards.
#[must_use]
pub fn run(bytes: &[u8]) -> Vec<Outcome> {
    let (first, mut rest) = bytes.split_first().unwrap_or((&0, &[]));
    let door = if first % 16 == 15 { Door::Guarded } else { Door::Open };
    served::with(door, async |served| {
        let mut outcomes = Vec::new();
        while let Some(sent) = next(&mut rest).filter(|_| outcomes.len() < REQUESTS_MAX) {
            outcomes.push(send(served, &sent).await);
        }
        outcomes
    })
}

fn next<'a>(bytes: &mut &'a [u8]) -> Option<Sent<'a>> {
    let [method, header, form, high, low] = *bytes.split_off(..5)?.first_chunk()?;
    let len = std::cmp::min(usize::from(high) << 8 | usize::from(low), bytes.len());
    Some(Sent { method, header, form, body: bytes.split_off(..len)? })
}

async fn send(served: &Served, sent: &Sent<'_>) -> Outcome {
    let paths = requests::paths();
    let path = paths.get(usize::from(sent.method) % paths.len()).copied().unwrap_or("/");
    let Some(request) = request(path, sent) else { return Outcome { path, code: None } };
    let answer = time::timeout(PATIENCE, served.server.call(request)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{path} is not answered"));
    let code = ended(path, answer).await;
    Outcome { path, code }
}

fn request(path: &str, sent: &Sent<'_>) -> Option<Request<Body>> {
    let verb = VERBS.get(usize::from(sent.header) >> 6)?.clone();
    let content_type = CONTENT_TYPES.get(usize::from(sent.form) & 3)?;
    let mut request = Request::builder().method(verb).uri(path);
    request = request.header(header::CONTENT_TYPE, *content_type);
    if let Some((name, value)) = HEADERS.get(usize::from(sent.header & 0x3F)) {
        request = request.header(*name, HeaderValue::from_bytes(value).ok()?);
    }
    let size = match sent.form >> 2 {
        0 => sent.body.len(),
        size => usize::from(size),
    };
    let parts: Vec<_> =
        sent.body.chunks(std::cmp::max(size, 1)).map(Bytes::copy_from_slice).collect();
    let parts = stream::iter(parts.into_iter().map(Ok::<_, Infallible>));
    request.body(Body::from_stream(parts)).ok()
}

/// Reads an answer to its end, or as far as anybody would.
async fn ended(path: &str, answer: Response<Body>) -> Option<Code> {
    let (parts, mut body) = answer.into_parts();
    let is_grpc = is_grpc(&parts.headers);
    let mut status = Status::from_header_map(&parts.headers);
    for _ in 0..FRAMES_MAX {
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let Some(frame) = soon(frame).await else {
            assert!(waits(path), "{path} does not end");
            return None;
        };
        match frame {
            None => {
                assert!(status.is_some() || !is_grpc, "{path} ends without a status");
                return check(path, status.filter(|_| is_grpc));
            }
            Some(frame) => {
                let frame = frame.unwrap_or_else(|error| panic!("{path} breaks off: {error}"));
                status = frame.trailers_ref().and_then(Status::from_header_map).or(status);
            }
        }
    }
    None
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// What comes without anybody else sending or writing something; `None` when that is nothing.
async fn soon<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    for _ in 0..TURNS {
        if let Some(done) = future::poll_once(work.as_mut()).await {
            return Some(done);
        }
        task::yield_now().await;
    }
    None
}

/// Whether an answer goes on until its reader has enough.
fn waits(path: &str) -> bool {
    let (_, method) = path.rsplit_once('/').unwrap_or_default();
    ["Read", "Subscribe", "Watch", "Stats"].contains(&method)
}

/// Whatever was sent, it was not the server's mistake.
fn check(path: &str, status: Option<Status>) -> Option<Code> {
    let status = status?;
    let is_ours = matches!(status.code(), Code::Unknown | Code::Internal | Code::DataLoss);
    // So KurrentDB's protocol wants it for settings of a group that make no sense.
    let said = status.metadata().get("exception");
    let is_wanted = said.is_some_and(|said| said == "persistent-subscription-failed");
    assert!(!is_ours || is_wanted, "{path} is answered with {status}");
    Some(status.code())
}

/// An input with one well-formed request for each of these.
#[must_use]
pub fn input<'a>(seeds: impl IntoIterator<Item = &'a Seed>) -> Vec<u8> {
    let mut bytes = vec![0];
    for seed in seeds {
        let body: Vec<u8> = seed.messages.iter().flat_map(|message| frame(0, message)).collect();
        put(&mut bytes, [method_of(seed), 0, 0], &body);
    }
    bytes
}

/// An input with a few requests, most of them changed so that they still are messages.
#[must_use]
pub fn changed(random: &mut Random) -> Vec<u8> {
    let mut bytes = vec![random.number() as u8];
    for _ in 0..=random.below(3) {
        let seed = pick(random);
        let mut body = Vec::new();
        for message in &seed.messages {
            let message = match random.below(4) {
                0 => message.clone(),
                1 => random.changed(std::slice::from_ref(message)),
                _ => protobuf::changed(message, random),
            };
            let flag = if random.below(40) == 0 { random.number() as u8 } else { 0 };
            body.extend(frame(flag, &message));
        }
        if random.below(8) == 0 {
            body = random.changed(&[body]);
        }
        let rarely = |random: &mut Random| match random.below(6) {
            0 => random.number() as u8,
            _ => 0,
        };
        let (header, form) = (rarely(random), rarely(random));
        put(&mut bytes, [method_of(seed), header, form], &body);
    }
    bytes
}

fn pick(random: &mut Random) -> &'static Seed {
    let seeds = requests::all();
    let (first, second) = (random.below(seeds.len()), random.below(seeds.len()));
    let at = |index: usize| seeds.get(index).unwrap_or_else(|| panic!("no seed {index}"));
    // Hashing a password takes as long as a hundred other requests.
    if at(first).path.contains("Users/") { at(second) } else { at(first) }
}

fn method_of(seed: &Seed) -> u8 {
    let at = requests::paths().iter().position(|path| *path == seed.path);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
}

/// A message as gRPC sends it.
fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[flag], &len[..], message].concat()
}

fn put(bytes: &mut Vec<u8>, choices: [u8; 3], body: &[u8]) {
    let len = u16::try_from(body.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&choices);
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend(body.iter().take(usize::from(len)));
}
