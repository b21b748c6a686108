//! Whose mistake it was, where the library below the services answers in place of them.
//!
//! What is no message, or too long for one, it refuses with the codes of a defect of the server.
//! Here it is the client's mistake: clients do not try it again, and nobody is called at night.

use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::{Code, Status};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// How the library's words begin. They are not promised, so each has a test.
const NO_MESSAGE: [&str; 4] = [
    "failed to decode Protobuf message",
    "protocol error: received message with",
    "Unexpected EOF decoding stream",
    "Missing request message",
];
const TOO_LONG: &str = "Error, decoded message length too large";

/// The status that an answer has, once it blames whom it should.
pub(super) fn settle(headers: &mut HeaderMap) -> Option<Status> {
    let status = Status::from_header_map(headers)?;
    let code = code(&status);
    if code == status.code() {
        return Some(status);
    }
    headers.insert(GRPC_STATUS, HeaderValue::from(code as i32));
    Some(Status::new(code, status.message()))
}

fn code(status: &Status) -> Code {
    let says = |words: &str| status.message().starts_with(words);
    match status.code() {
        Code::Internal if NO_MESSAGE.into_iter().any(says) => Code::InvalidArgument,
        Code::OutOfRange if says(TOO_LONG) => Code::ResourceExhausted,
        code => code,
    }
}
