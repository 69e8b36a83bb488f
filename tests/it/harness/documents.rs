//! Files as tests send and read them.

use aws_lc_rs::digest::{SHA256, digest};
use baton_wire::v1;
use tonic::Streaming;

use super::caller::Caller;
use super::calls::{Answer, fresh};

pub(crate) const CHUNK: usize = 1024 * 1024;
pub(crate) const PDF: &str = "application/pdf";
const PLAIN: &str = "text/plain";

/// A text of so many bytes that begins with a marker, each part of it another.
pub(crate) fn plain(marker: &str, bytes: usize) -> Vec<u8> {
    let mut text = format!("{marker}\n").into_bytes();
    let mut line = 0_u64;
    while text.len() < bytes {
        text.extend(format!("line {line} of what is kept of somebody who is not\n").bytes());
        line += 1;
    }
    text.truncate(bytes);
    text
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

impl Caller {
    /// What is asked to begin a document.
    pub(crate) fn announce(
        &self,
        profile: &str,
        (kind, title): (v1::SectionKind, &str),
        file: &[u8],
    ) -> v1::CreateDocumentRequest {
        v1::CreateDocumentRequest {
            parent: self.setting.clone(),
            profile: self.mine(profile),
            kind: kind.into(),
            title: title.to_owned(),
            media_type: PLAIN.to_owned(),
            size_bytes: i64::try_from(file.len()).unwrap(),
            sha256: sha256(file).into(),
        }
    }

    pub(crate) async fn begin(
        &self,
        request: v1::CreateDocumentRequest,
    ) -> Answer<v1::CreateDocumentResponse> {
        Ok(self
            .documents()
            .create_document(request)
            .await?
            .into_inner())
    }

    pub(crate) async fn send_chunk(&self, name: &str, index: usize, data: &[u8]) -> Answer<i32> {
        let request = v1::UploadChunkRequest {
            parent: self.setting.clone(),
            name: self.mine(name),
            index: i32::try_from(index).unwrap(),
            data: data.to_vec().into(),
        };
        let answer = self.documents().upload_chunk(request).await?.into_inner();
        Ok(answer.received_count)
    }

    pub(crate) async fn finalise(&self, name: &str) -> Answer<v1::Receipt> {
        self.finalise_as(&fresh(), name).await
    }

    pub(crate) async fn finalise_as(&self, id: &str, name: &str) -> Answer<v1::Receipt> {
        let request = v1::FinaliseDocumentRequest {
            parent: self.setting.clone(),
            name: self.mine(name),
            request_id: id.to_owned(),
        };
        let answer = self.documents().finalise_document(request).await?;
        Ok(answer.into_inner().receipt.unwrap())
    }

    /// Sends a whole file; its name.
    pub(crate) async fn add(
        &self,
        profile: &str,
        of: (v1::SectionKind, &str),
        file: &[u8],
    ) -> Answer<String> {
        let begun = self.begin(self.announce(profile, of, file)).await?;
        for (index, data) in file.chunks(CHUNK).enumerate() {
            self.send_chunk(&begun.name, index, data).await?;
        }
        self.finalise(&begun.name).await?;
        Ok(begun.name)
    }

    pub(crate) async fn documents_of(&self, profile: &str) -> Answer<Vec<v1::Document>> {
        let request = v1::ListDocumentsRequest {
            parent: self.setting.clone(),
            profile: self.mine(profile),
        };
        let answer = self.documents().list_documents(request).await?;
        Ok(answer.into_inner().documents)
    }

    pub(crate) async fn read_document(
        &self,
        name: &str,
        from: usize,
    ) -> Answer<Streaming<v1::DownloadDocumentResponse>> {
        let request = v1::DownloadDocumentRequest {
            parent: self.setting.clone(),
            name: self.mine(name),
            from_chunk: i32::try_from(from).unwrap(),
        };
        Ok(self
            .documents()
            .download_document(request)
            .await?
            .into_inner())
    }

    /// The whole document, or why not; and what came of it before.
    pub(crate) async fn download(&self, name: &str) -> (Answer<v1::Document>, Vec<u8>) {
        let mut came = Vec::new();
        let mut chunks = match self.read_document(name, 0).await {
            Ok(chunks) => chunks,
            Err(status) => return (Err(status), came),
        };
        let mut document = None;
        loop {
            match chunks.message().await {
                Ok(Some(chunk)) => {
                    document = document.or(chunk.document);
                    came.extend_from_slice(&chunk.data);
                }
                Ok(None) => return (Ok(document.unwrap()), came),
                Err(status) => return (Err(status), came),
            }
        }
    }

    pub(crate) async fn remove_document(&self, name: &str) -> Answer<bool> {
        let request = v1::RemoveDocumentRequest {
            parent: self.setting.clone(),
            name: self.mine(name),
            request_id: fresh(),
        };
        let answer = self.documents().remove_document(request).await?;
        Ok(answer.into_inner().kept)
    }
}
