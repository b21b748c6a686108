//! The body of an answer, watched for how the call ends.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;

use super::{Call, blame, panicked};

/// An answer on its way, with the call it belongs to.
pub(super) struct Observed {
    body: Body,
    call: Call,
}

impl Observed {
    pub(super) fn new(body: Body, call: Call) -> Self {
        Self { body, call }
    }

    /// Ends the call after a panic, with a word to the client.
    fn give_up(&mut self) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.body = Body::empty();
        let status = panicked();
        self.call.end(&status);
        let headers = status.into_http::<()>().into_parts().0.headers;
        let trailers = headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
        let trailers = trailers.filter(|(name, _)| name != http::header::CONTENT_TYPE);
        Poll::Ready(Some(Ok(Frame::trailers(trailers.collect()))))
    }
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, call } = &mut *self;
        // What is read for the rest of the answer belongs to the call, too.
        let polled = call
            .span
            .in_scope(|| catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context))));
        let Ok(mut frame) = polled else {
            return self.give_up();
        };
        match &mut frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_mut().and_then(blame::settle) {
                    self.call.end(&status);
                }
            }
            Poll::Ready(Some(Err(error))) => self.call.end(&Status::unknown(error.to_string())),
            Poll::Ready(None) => self.call.end(&Status::unknown("the answer has no status")),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
