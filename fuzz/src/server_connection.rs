//! Any bytes on a connection to the server: it ends with its client, nothing panics, the store
//! stays whole, and the next client is served.
//!
//! The first byte of an input says how the client behaves, all others are what it sends.

use std::time::Duration;

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt, DuplexStream},
    time,
};

use crate::{
    http2::{self, END_HEADERS, END_STREAM, Frame, kind},
    random::Random,
    requests::{self, Seed},
    served::{self, Door, PATIENCE, Served},
};

/// What the connection holds in each direction before somebody has to wait.
const BUFFER: usize = 16 * 1024;

/// How a client takes what it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// All of it, and says that nothing more comes before it goes.
    Reads,
    /// Nothing, and is gone at once.
    Vanishes,
}

/// Sends the bytes; gives how many came back.
///
/// # Panics
/// When the connection outlives its client, or the server is not whole afterwards.
#[must_use]
pub fn run(bytes: &[u8]) -> usize {
    let (first, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let reader = if first % 8 == 7 { Reader::Vanishes } else { Reader::Reads };
    let part = match first >> 3 {
        0 => usize::MAX,
        size => usize::from(size),
    };
    served::with(Door::Open, async |served| {
        let answered = connect(served, bytes, part, reader).await;
        check_next(served).await;
        answered
    })
}

async fn connect(served: &Served, bytes: &[u8], part: usize, reader: Reader) -> usize {
    let (client, socket) = io::duplex(BUFFER);
    let serving = tokio::spawn(served.server.serve(socket));
    let answered = time::timeout(PATIENCE, talk(client, bytes, part, reader)).await;
    let answered = answered.expect("a client can talk to its end");
    // Longer than a connection may take to begin.
    let ended = time::timeout(PATIENCE, serving).await.expect("a connection ends with its client");
    ended.expect("a connection does not panic");
    answered
}

async fn talk(client: DuplexStream, bytes: &[u8], part: usize, reader: Reader) -> usize {
    let (mut answers, mut requests) = io::split(client);
    let write = async {
        for part in bytes.chunks(part) {
            // The server may have had enough.
            if requests.write_all(part).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        if reader == Reader::Reads {
            drop(requests.shutdown().await);
        }
    };
    match reader {
        Reader::Vanishes => {
            // Only so long that the server has looked at it, since nobody takes its answers.
            drop(time::timeout(Duration::from_millis(1), write).await);
            0
        }
        Reader::Reads => {
            let mut answered = Vec::new();
            let (_, read) = tokio::join!(write, answers.read_to_end(&mut answered));
            read.map_or(0, |_| answered.len())
        }
    }
}

/// Somebody else is answered.
async fn check_next(served: &Served) {
    let (mut client, socket) = io::duplex(BUFFER);
    let serving = tokio::spawn(served.server.serve(socket));
    let ask = async {
        client.write_all(b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.map(|_| answer)
    };
    let answer = time::timeout(PATIENCE, ask).await.expect("the next client is answered");
    let answer = answer.expect("the next client is answered whole");
    assert!(answer.starts_with("HTTP/1.1 200"), "the next client gets {answer}");
    drop(time::timeout(PATIENCE, serving).await.expect("its connection ends"));
}

/// Bytes that are right: over HTTP/1.1, and over HTTP/2 with a few calls at once.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "GET /ping HTTP/1.1\r\nHost: a\r\n\r\nGET /info HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /umadb.v1.DCB/Head HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\n\0\0\0\0\0\r\n0\r\n\r\n",
        "GET /health/live HTTP/1.0\r\n\r\n",
    ];
    let mut seeds: Vec<_> = texts.map(|text| [&[0], text.as_bytes()].concat()).into();
    seeds.extend(requests::all().chunks(3).map(|calls| bytes_of(&frames(calls.iter()))));
    seeds
}

/// A connection with a few calls, with frames that are changed, lost, repeated or out of place.
#[must_use]
pub fn changed(random: &mut Random) -> Vec<u8> {
    if random.below(5) == 0 {
        return random.changed(&seeds());
    }
    let all = requests::all();
    let calls: Vec<_> = (0..=random.below(3))
        .filter_map(|_| all.get(random.below(all.len())))
        .filter(|seed| !seed.path.contains("Users/"))
        .collect();
    let mut frames = frames(calls);
    for _ in 0..random.below(4) {
        change(&mut frames, random);
    }
    let mut bytes = vec![random.number() as u8];
    bytes.extend_from_slice(http2::PREFACE);
    for frame in frames {
        let lie = (random.below(60) == 0).then(|| random.number() as u32 >> random.below(24));
        frame.encode(lie, &mut bytes);
    }
    bytes
}

fn bytes_of(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = [&[0], http2::PREFACE].concat();
    frames.iter().for_each(|frame| frame.encode(None, &mut bytes));
    bytes
}

fn frames<'a>(calls: impl IntoIterator<Item = &'a Seed>) -> Vec<Frame> {
    let mut frames = vec![
        Frame::new(kind::SETTINGS, 0, 0, [0, 4, 0, 1, 0, 0]),
        Frame::new(kind::WINDOW_UPDATE, 0, 0, [0, 0, 255, 255]),
    ];
    for (number, call) in calls.into_iter().enumerate() {
        let stream = number as u32 * 2 + 1;
        let headers = http2::headers([
            (":method", "POST"),
            (":scheme", "http"),
            (":path", call.path),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ]);
        let (begin, rest) = headers.split_at(headers.len() / 2);
        frames.push(Frame::new(kind::HEADERS, 0, stream, begin));
        frames.push(Frame::new(kind::CONTINUATION, END_HEADERS, stream, rest));
        for message in &call.messages {
            let len = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
            let data = [&[0], &len[..], message].concat();
            frames.push(Frame::new(kind::DATA, 0, stream, data));
        }
        frames.push(Frame::new(kind::DATA, END_STREAM, stream, []));
    }
    frames.push(Frame::new(kind::PING, 0, 0, [7; 8]));
    frames
}

fn change(frames: &mut Vec<Frame>, random: &mut Random) {
    let at = random.below(frames.len());
    let Some(frame) = frames.get_mut(at) else { return };
    match random.below(8) {
        0 => drop(frames.remove(at)),
        1 => {
            let again = frame.clone();
            frames.push(again);
        }
        2 => frame.flags ^= 1 << random.below(8),
        3 => frame.stream = random.below(9) as u32,
        4 => frame.kind = random.below(12) as u8,
        5 => frame.payload = random.changed(std::slice::from_ref(&frame.payload)),
        6 => frames.insert(at, other(random)),
        // One with headers that do not end.
        _ => {
            let padding = vec![b'x'; random.below(30_000)];
            let block = http2::headers([("x", &*String::from_utf8_lossy(&padding))]);
            frames.insert(at, Frame::new(kind::CONTINUATION, 0, 1, block));
        }
    }
}

/// A frame that nobody waits for.
fn other(random: &mut Random) -> Frame {
    let stream = random.below(9) as u32;
    match random.below(5) {
        0 => Frame::new(kind::RST_STREAM, 0, stream, random.bytes(4)),
        1 => Frame::new(kind::GOAWAY, 0, 0, random.bytes(8)),
        2 => Frame::new(kind::PRIORITY, 0, stream, random.bytes(5)),
        3 => Frame::new(kind::WINDOW_UPDATE, 0, stream, random.bytes(4)),
        _ => {
            let setting = [0, random.below(8) as u8];
            Frame::new(kind::SETTINGS, 0, 0, [&setting[..], &random.bytes(4)].concat())
        }
    }
}
