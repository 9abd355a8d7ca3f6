//! One request's stream, polled until its response is complete.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};

use super::shared::{Http2, error_of};
use crate::clock;
use crate::error::NetError;
use crate::headers::{Headers, Span};
use crate::marks::Marks;
use crate::response::{Response, Version};

/// Informational responses that are skipped before the real one, as on HTTP/1.1 and in Go.
const MAX_INFORMATIONAL: usize = 5;

/// A request's stream.
pub(crate) struct Stream<'a> {
    shared: &'a Http2,
    stage: Stage,
    upload: Option<SendStream<Bytes>>,
    body: Bytes,
    /// When the last of the request was handed to `h2`.
    handed: Option<i64>,
    /// The largest response body; `None` discards it.
    max_body: Option<usize>,
    informational: usize,
}

enum Stage {
    /// The server's limit of streams may make it wait.
    Opening(SendRequest<Bytes>, http::Request<()>),
    Head(ResponseFuture),
    Body(RecvStream, Response),
    Over,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(
        shared: &'a Http2,
        head: http::Request<()>,
        body: Bytes,
        max_body: Option<usize>,
    ) -> Self {
        let stage = Stage::Opening(shared.sender.clone(), head);
        Self {
            shared,
            stage,
            upload: None,
            body,
            handed: None,
            max_body,
            informational: 0,
        }
    }

    /// Whether nothing of the request can have gone out.
    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self.stage, Stage::Opening(..))
    }

    /// Goes on as far as what was read allows.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        marks: &mut Marks,
    ) -> Poll<Result<Response, NetError>> {
        let traffic = &self.shared.traffic;
        loop {
            match &mut self.stage {
                Stage::Opening(sender, head) => {
                    ready!(sender.poll_ready(cx)).map_err(|error| error_of(&error, traffic))?;
                    let head = std::mem::take(head);
                    let (response, upload) = sender
                        .send_request(head, self.body.is_empty())
                        .map_err(|error| error_of(&error, traffic))?;
                    if self.body.is_empty() {
                        self.handed = Some(clock::now());
                    } else {
                        self.upload = Some(upload);
                    }
                    self.stage = Stage::Head(response);
                }
                Stage::Head(response) => {
                    while let Poll::Ready(Some(Ok(_))) = response.poll_informational(cx) {
                        self.informational += 1;
                        if self.informational > MAX_INFORMATIONAL {
                            let reason = "http2: too many 1xx informational responses";
                            return Poll::Ready(Err(NetError::Http2(reason.to_owned())));
                        }
                    }
                    let polled = Pin::new(response).poll(cx);
                    self.poll_upload(cx);
                    self.note_sent(marks);
                    let head = ready!(polled).map_err(|error| error_of(&error, traffic))?;
                    note_read(self.shared, marks);
                    let (parts, body) = head.into_parts();
                    self.stage = Stage::Body(body, response_of(&parts));
                }
                Stage::Body(body, response) => {
                    let Some(data) = ready!(body.poll_data(cx)) else {
                        let Stage::Body(_, response) =
                            std::mem::replace(&mut self.stage, Stage::Over)
                        else {
                            return Poll::Pending;
                        };
                        return Poll::Ready(Ok(response));
                    };
                    let data = data.map_err(|error| error_of(&error, traffic))?;
                    note_read(self.shared, marks);
                    if let Some(limit) = self.max_body {
                        if response.body.len().saturating_add(data.len()) > limit {
                            return Poll::Ready(Err(NetError::TooLarge {
                                what: "the body",
                                limit,
                            }));
                        }
                        response.body.extend_from_slice(&data);
                    }
                    // Fails only for streams that are over.
                    let _ = body.flow_control().release_capacity(data.len());
                }
                Stage::Over => return Poll::Pending,
            }
        }
    }

    /// Hands on as much of the body as the peer's window allows. An error here has its reason in
    /// the response, which is polled as well.
    fn poll_upload(&mut self, cx: &mut Context<'_>) {
        while let Some(upload) = &mut self.upload {
            upload.reserve_capacity(self.body.len());
            let Poll::Ready(capacity) = upload.poll_capacity(cx) else {
                return;
            };
            let sent = match capacity {
                Some(Ok(0)) => return,
                Some(Ok(capacity)) => {
                    let part = self.body.split_to(capacity.min(self.body.len()));
                    upload.send_data(part, self.body.is_empty()).is_ok()
                }
                Some(Err(_)) | None => false,
            };
            if !sent || self.body.is_empty() {
                self.upload = None;
                self.handed = Some(clock::now());
            }
        }
    }

    /// The request counts as sent with the first write after its last part was handed on.
    fn note_sent(&self, marks: &mut Marks) {
        let written = self.shared.traffic.written.get();
        if marks.sent.is_none() && self.handed.is_some_and(|handed| written >= handed) {
            marks.sent = Some(written);
        }
    }
}

fn note_read(shared: &Http2, marks: &mut Marks) {
    let (stamp, read) = shared.traffic.read.get();
    marks.received_at(stamp, read);
}

fn response_of(parts: &http::response::Parts) -> Response {
    let mut headers = Headers::default();
    for (name, value) in &parts.headers {
        headers.push(name.as_str().as_bytes(), value.as_bytes());
    }
    Response {
        status: parts.status.as_u16(),
        version: Version::Http2,
        headers,
        body: Vec::new(),
        encoded: parts.headers.contains_key(http::header::CONTENT_ENCODING),
        reason: Span::default(),
    }
}
