//! Calls below the generated client: messages whose sections stay bytes, and bytes that are no
//! message at all.

use baton_wire::twin as wire;
use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};

use super::caller::Caller;
use super::calls::Answer;

/// Bytes as they are.
#[derive(Default)]
struct AsIs;

impl Codec for AsIs {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsIs {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for AsIs {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// A unary call with these bytes for a message; `method` as in `ProfileService/GetProfile`.
pub(crate) async fn raw(caller: &Caller, method: &str, message: Bytes) -> Answer<Bytes> {
    let mut client = tonic::client::Grpc::new(caller.service())
        .max_encoding_message_size(usize::MAX)
        .max_decoding_message_size(usize::MAX);
    client
        .ready()
        .await
        .map_err(|_| Status::unavailable("no connection"))?;
    let path: PathAndQuery = format!("/baton.v1.{method}").parse().unwrap();
    Ok(client
        .unary(Request::new(message), path, AsIs)
        .await?
        .into_inner())
}

/// A unary call with messages whose sections stay bytes.
pub(crate) async fn twin<Q: Message, A: Message + Default>(
    caller: &Caller,
    method: &str,
    message: &Q,
) -> Answer<A> {
    let answer = raw(caller, method, message.encode_to_vec().into()).await?;
    Ok(A::decode(answer).expect("an answer of the contract"))
}

/// A publish of this content, whatever it is.
pub(crate) fn frame(
    caller: &Caller,
    transition: &str,
    content: Bytes,
) -> wire::PublishProfileRequest {
    wire::PublishProfileRequest {
        parent: caller.setting.clone(),
        profile: Some(wire::ProfileSubmission {
            transition: caller.mine(transition),
            content,
            signatory: "Head of year".to_owned(),
            ..Default::default()
        }),
        request_id: super::calls::fresh(),
    }
}

/// The first answer of any call, unary or stream; none when it ends without one.
pub(crate) async fn first(caller: &Caller, method: &str, message: Bytes) -> Answer<Option<Bytes>> {
    let mut client = tonic::client::Grpc::new(caller.service())
        .max_encoding_message_size(usize::MAX)
        .max_decoding_message_size(usize::MAX);
    client
        .ready()
        .await
        .map_err(|_| Status::unavailable("no connection"))?;
    let path: PathAndQuery = format!("/baton.v1.{method}").parse().unwrap();
    let answer = client.server_streaming(Request::new(message), path, AsIs);
    answer.await?.into_inner().message().await
}
