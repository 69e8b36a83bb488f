//! Files that go with a contribution: sent in chunks, and read back whole or not at all.

use std::io::SeekFrom;

use aws_lc_rs::digest::{Context, SHA256};
use baton_wire::v1;
use tokio::{
    io::AsyncWriteExt as _,
    io::{self, AsyncRead, AsyncReadExt as _, AsyncSeek, AsyncSeekExt as _, AsyncWrite},
    time::sleep,
};

use crate::{Client, ClientError};

/// Bytes of every chunk but the last.
const CHUNK_BYTES: usize = 1024 * 1024;
/// How often a file is sent again where the service misses chunks that were sent.
const ROUNDS: usize = 3;

/// A document to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// The contribution it goes with, by resource name.
    pub profile: String,
    /// The section kind that decides who may see it.
    pub kind: v1::SectionKind,
    /// What it is called, one line.
    pub title: String,
    /// What sort of file, as IANA registers it.
    pub media_type: String,
}

/// Why a document was not sent or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The service refused, or could not be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file could not be read or written.
    #[error("the file cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// The file changed while it was sent.
    #[error("the file changed while it was sent; send it again")]
    Changed,
    /// What came is not the document: nothing of it is to be used.
    #[error("what came is not the whole document; nothing of it is to be used")]
    NotWhole,
}

/// Length and hash of a file, from where it stands.
async fn measure(file: &mut (impl AsyncRead + Unpin)) -> io::Result<(u64, Vec<u8>)> {
    let (mut hash, mut bytes) = (Context::new(&SHA256), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut chunk).await?;
        if read == 0 {
            return Ok((bytes, hash.finish().as_ref().to_vec()));
        }
        bytes += read as u64;
        hash.update(&chunk[..read]);
    }
}

impl Client {
    /// Sends a file as a document and finalises it; its resource name.
    ///
    /// The file is read twice, once to say how long it is and what its hash is. Called again after
    /// it was broken off it goes on with the chunks that are missing, and a file that stands already
    /// is not added twice. `progress` is told bytes sent and bytes in all.
    pub async fn add_document(
        &self,
        document: NewDocument,
        file: &mut (impl AsyncRead + AsyncSeek + Unpin),
        mut progress: impl FnMut(u64, u64),
    ) -> Result<String, DocumentError> {
        let start = file.stream_position().await?;
        let (bytes, sha256) = measure(file).await?;
        let request = v1::CreateDocumentRequest {
            profile: document.profile,
            kind: document.kind.into(),
            title: document.title,
            media_type: document.media_type,
            size_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            sha256: sha256.into(),
            ..Default::default()
        };
        let mut finalise = v1::FinaliseDocumentRequest {
            request_id: crate::request_id()?,
            ..Default::default()
        };
        for round in 1.. {
            let begun = self.create_document(request.clone()).await?;
            if begun.standing {
                progress(bytes, bytes);
                return Ok(begun.name);
            }
            // After a round in which the service missed something, all is sent again.
            let received: &[i32] = if round == 1 { &begun.received } else { &[] };
            self.send_chunks((&begun, received), (file, start, bytes), &mut progress)
                .await?;
            finalise.name.clone_from(&begun.name);
            match self.finalise_document(finalise.clone()).await {
                Ok(_) => return Ok(begun.name),
                Err(ClientError::Unfit(wrong))
                    if round < ROUNDS && wrong.iter().any(|it| it.rule.starts_with("chunk.")) =>
                {
                    finalise.request_id = crate::request_id()?;
                    sleep(self.connection.retry.wait(1)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(DocumentError::Changed)
    }

    async fn send_chunks(
        &self,
        (begun, received): (&v1::CreateDocumentResponse, &[i32]),
        (file, start, bytes): (&mut (impl AsyncRead + AsyncSeek + Unpin), u64, u64),
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), DocumentError> {
        let mut sent = 0;
        for index in 0..begun.chunk_count {
            let at = u64::try_from(index).unwrap_or_default() * CHUNK_BYTES as u64;
            let length = bytes.saturating_sub(at).min(CHUNK_BYTES as u64);
            if !received.contains(&index) {
                file.seek(SeekFrom::Start(start + at)).await?;
                let mut data = vec![0; usize::try_from(length).unwrap_or(CHUNK_BYTES)];
                file.read_exact(&mut data)
                    .await
                    .map_err(|error| match error.kind() {
                        io::ErrorKind::UnexpectedEof => DocumentError::Changed,
                        _ => error.into(),
                    })?;
                let request = v1::UploadChunkRequest {
                    name: begun.name.clone(),
                    index,
                    data: data.into(),
                    ..Default::default()
                };
                self.upload_chunk(request).await?;
            }
            sent += length;
            progress(sent, bytes);
        }
        Ok(())
    }

    /// Reads a document into a writer, and holds what came against its hash: after an error nothing
    /// that was written is to be used. A stream that breaks is gone on with where it broke, each time
    /// as another act. `progress` is told bytes that came and bytes in all.
    pub async fn download_document(
        &self,
        name: &str,
        to: &mut (impl AsyncWrite + Unpin),
        mut progress: impl FnMut(u64, u64),
    ) -> Result<v1::Document, DocumentError> {
        let mut reading = Reading {
            document: None,
            next: 0,
            bytes: 0,
            hash: Context::new(&SHA256),
        };
        let policy = self.connection.retry;
        let mut failures = 0;
        loop {
            let before = reading.next;
            match self.read_on(name, &mut reading, to, &mut progress).await {
                Ok(()) => break,
                // It broke behind the last chunk: there is none to go on with.
                Err(DocumentError::Client(error)) if error.is_retryable() && reading.is_all() => {
                    break;
                }
                Err(DocumentError::Client(error)) if error.is_retryable() => {
                    failures = if reading.next > before {
                        1
                    } else {
                        failures + 1
                    };
                    if failures >= policy.attempts {
                        return Err(error.into());
                    }
                    sleep(policy.wait(failures)).await;
                }
                Err(error) => return Err(error),
            }
        }
        to.flush().await?;
        let document = reading.document.ok_or(DocumentError::NotWhole)?;
        let whole = u64::try_from(document.size_bytes) == Ok(reading.bytes)
            && reading.hash.finish().as_ref() == document.sha256.as_ref();
        if whole {
            Ok(document)
        } else {
            Err(DocumentError::NotWhole)
        }
    }

    async fn read_on(
        &self,
        name: &str,
        reading: &mut Reading,
        to: &mut (impl AsyncWrite + Unpin),
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), DocumentError> {
        let mut request = v1::DownloadDocumentRequest {
            name: name.to_owned(),
            from_chunk: reading.next,
            ..Default::default()
        };
        self.fill_parent(&mut request.parent);
        let request = self.connection.request(request);
        let mut calls = self.connection.documents();
        let answer = calls.download_document(request).await;
        let mut chunks = answer.map_err(ClientError::from)?.into_inner();
        while let Some(chunk) = chunks.message().await.map_err(ClientError::from)? {
            if let Some(document) = chunk.document {
                let same = reading.document.as_ref().is_none_or(|it| *it == document);
                if !same {
                    return Err(DocumentError::NotWhole);
                }
                reading.document = Some(document);
            }
            if chunk.index != reading.next {
                return Err(DocumentError::NotWhole);
            }
            to.write_all(&chunk.data).await?;
            reading.hash.update(&chunk.data);
            reading.next += 1;
            reading.bytes += chunk.data.len() as u64;
            let all = reading.document.as_ref().map_or(0, |it| it.size_bytes);
            progress(reading.bytes, u64::try_from(all).unwrap_or_default());
        }
        Ok(())
    }
}

/// What came of a document.
struct Reading {
    document: Option<v1::Document>,
    next: i32,
    bytes: u64,
    hash: Context,
}

impl Reading {
    /// Whether as much came as the document has.
    fn is_all(&self) -> bool {
        let document = self.document.as_ref();
        document.is_some_and(|document| u64::try_from(document.size_bytes) == Ok(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_broke_behind_the_last_chunk_is_all_and_what_broke_before_is_not() {
        let mut reading = Reading {
            document: None,
            next: 0,
            bytes: 0,
            hash: Context::new(&SHA256),
        };
        assert!(!reading.is_all(), "nothing is known of it");
        reading.document = Some(v1::Document {
            size_bytes: 3,
            ..Default::default()
        });
        for (bytes, all) in [(0, false), (2, false), (3, true), (4, false)] {
            reading.bytes = bytes;
            assert_eq!(reading.is_all(), all, "{bytes} of 3");
        }
    }
}
