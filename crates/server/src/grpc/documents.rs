//! `DocumentService`.

use std::pin::Pin;

use baton_domain::act::{
    CreateDocument, DownloadDocument, FinaliseDocument, ListDocuments, RemoveDocument, UploadChunk,
};
use baton_domain::document::{self, CHUNK_BYTES, DOCUMENT_BYTES_MAX, MediaType};
use baton_domain::section::SectionKind;
use baton_store::{DocumentLease, DocumentView};
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::name::{self, DocumentName, ProfileName};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, document_service_server::DocumentService};
use futures::{Stream, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::call::{Asking, Fields, caller, known, under};
use super::waiting::Seat;
use super::{Services, encode, status};

/// What is read of a request to begin a document.
fn read(fields: &mut Fields, request: &twin::CreateDocumentRequest) -> Option<CreateDocument> {
    let profile = fields.take(name::read::<ProfileName>("profile", &request.profile));
    let kind = fields.take(required::<twin::SectionKind, SectionKind>(
        "kind",
        request.kind,
    ));
    if kind.is_some_and(|kind| !document::takes(kind)) {
        let say = "Documents of this kind are not taken; a support plan goes with `send`.";
        fields.wrong("kind", "kind.not_taken", say);
    }
    let title = fields.take(field::line("title", &request.title));
    let media = MediaType::parse(&request.media_type);
    if media.is_none() {
        let names: Vec<&str> = MediaType::ALL.iter().map(|media| media.name()).collect();
        let say = format!("Give one of: {}.", names.join(", "));
        fields.wrong("media_type", "media_type.not_taken", &say);
    }
    let bytes = u64::try_from(request.size_bytes).unwrap_or_default();
    if !(1..=DOCUMENT_BYTES_MAX).contains(&bytes) {
        fields.wrong("size_bytes", "size_bytes", "Give 1 to 26,214,400 bytes.");
    }
    let sha256: Option<[u8; 32]> = request.sha256.as_ref().try_into().ok();
    if sha256.is_none() {
        fields.wrong("sha256", "sha256", "Give the 32 bytes of its SHA-256.");
    }
    Some(CreateDocument {
        profile: profile?.profile,
        kind: kind?,
        title: title?,
        media: media?,
        bytes,
        sha256: sha256?,
    })
}

fn view(caller: &Asking, view: DocumentView) -> twin::Document {
    let document = DocumentName {
        setting: caller.acting.clone(),
        document: view.document,
    };
    let profile = ProfileName {
        setting: caller.acting.clone(),
        profile: view.profile,
    };
    let sha256 = if view.damaged { &[][..] } else { &view.sha256 };
    twin::Document {
        name: document.to_string(),
        profile: profile.to_string(),
        kind: twin::SectionKind::from(view.kind).into(),
        media_type: view.media.name().to_owned(),
        size_bytes: encode::signed(view.bytes),
        sha256: sha256.to_vec().into(),
        add_time_us: view.added_us,
        damaged: view.damaged,
        withdrawn: view.withdrawn,
        title: view.title,
    }
}

fn small<N: TryInto<i32>>(number: N) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// Chunks on their way to a reader. One is read when the one before was taken.
struct Reading {
    services: Services,
    caller: Asking,
    lease: DocumentLease,
    /// Goes with the first chunk.
    head: Option<twin::Document>,
    next: u64,
    aged: CancellationToken,
    over: bool,
    /// Given back with the lease, too: a stream that nobody reads is not asked to go on.
    _seat: Seat,
}

type Turn = Result<twin::DownloadDocumentResponse, Status>;

impl Reading {
    async fn turn(mut self) -> Option<(Turn, Self)> {
        if self.over || self.next >= self.lease.chunks() {
            return None;
        }
        let turn = self.chunk().await.map_err(Status::from);
        self.over = turn.is_err();
        self.next += 1;
        Some((turn, self))
    }

    async fn chunk(&mut self) -> Result<twin::DownloadDocumentResponse, Problem> {
        if self.aged.is_cancelled() || self.services.stop.is_cancelled() {
            return Err(Reason::Unavailable.into());
        }
        let ledger = &self.services.ledger;
        let data = ledger.chunk(&self.caller, &self.lease, self.next).await;
        let data = data.map_err(|refusal| status::problem(&refusal))?;
        Ok(twin::DownloadDocumentResponse {
            document: self.head.take(),
            index: small(self.next),
            data,
        })
    }
}

#[tonic::async_trait]
impl DocumentService for Services {
    async fn create_document(
        &self,
        request: Request<twin::CreateDocumentRequest>,
    ) -> Result<Response<twin::CreateDocumentResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let act = read(&mut fields, &request);
        let act = fields.all(act)?;
        let named = name::read::<ProfileName>("profile", &request.profile);
        let named = named.map_err(Problem::from)?;
        let caller = under(caller, &known, named.setting);
        let begun = self.act(&caller, act).await?.value;
        let name = DocumentName {
            setting: caller.acting.clone(),
            document: begun.document,
        };
        let chunks = document::chunks(u64::try_from(request.size_bytes).unwrap_or_default());
        Ok(Response::new(twin::CreateDocumentResponse {
            name: name.to_string(),
            chunk_bytes: small(CHUNK_BYTES),
            chunk_count: small(chunks),
            received: begun.received.into_iter().map(small).collect(),
            standing: begun.standing,
        }))
    }

    async fn upload_chunk(
        &self,
        request: Request<twin::UploadChunkRequest>,
    ) -> Result<Response<twin::UploadChunkResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<DocumentName>("name", &request.name));
        let index = u32::try_from(request.index).ok();
        if index.is_none() {
            fields.wrong("index", "index", "Give the number of the chunk, from 0.");
        }
        let bytes = u64::try_from(request.data.len()).unwrap_or(u64::MAX);
        if !(1..=CHUNK_BYTES).contains(&bytes) {
            fields.wrong("data", "data", "Give 1 to 1,048,576 bytes.");
        }
        let (name, index) = fields.all(name.zip(index))?;
        let caller = under(caller, &known, name.setting);
        let act = UploadChunk {
            document: name.document,
            index,
            data: request.data,
        };
        let staged = self.act(&caller, act).await?.value;
        Ok(Response::new(twin::UploadChunkResponse {
            received_count: small(staged.received),
        }))
    }

    async fn finalise_document(
        &self,
        request: Request<twin::FinaliseDocumentRequest>,
    ) -> Result<Response<twin::FinaliseDocumentResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<DocumentName>("name", &request.name));
        let id = fields.request_id(&request.request_id);
        let (name, id) = fields.all(name.zip(id))?;
        let caller = under(caller, &known, name.setting);
        let act = FinaliseDocument {
            document: name.document,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        let receipt = encode::receipt(self.ledger.id().as_str(), done.receipt);
        Ok(Response::new(twin::FinaliseDocumentResponse { receipt }))
    }

    async fn list_documents(
        &self,
        request: Request<twin::ListDocumentsRequest>,
    ) -> Result<Response<twin::ListDocumentsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let name = name::read::<ProfileName>("profile", &request.profile);
        let name = name.map_err(Problem::from)?;
        let caller = under(caller, &known, name.setting);
        let act = ListDocuments {
            profile: name.profile,
        };
        let shown = self.act(&caller, act).await?.value.documents;
        let documents = shown.into_iter().map(|one| view(&caller, one)).collect();
        Ok(Response::new(twin::ListDocumentsResponse { documents }))
    }

    type DownloadDocumentStream = Pin<Box<dyn Stream<Item = Turn> + Send>>;

    async fn download_document(
        &self,
        request: Request<twin::DownloadDocumentRequest>,
    ) -> Result<Response<Self::DownloadDocumentStream>, Status> {
        let known = known(&request)?;
        let aged = known.aged.clone();
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<DocumentName>("name", &request.name));
        let from = u32::try_from(request.from_chunk).ok();
        let from = from.filter(|from| u64::from(*from) < document::chunks(DOCUMENT_BYTES_MAX));
        if from.is_none() {
            fields.wrong("from_chunk", "from_chunk", "Give a chunk, from 0 to 24.");
        }
        let (name, from) = fields.all(name.zip(from))?;
        let caller = under(caller, &known, name.setting);
        // Before the act: who is turned away here has seen nothing.
        let now_us = self.ledger.now_us();
        let seat = self.downloads.enter(&caller.credential, now_us);
        let seat = seat.ok_or(Problem::from(Reason::QueueFull))?;
        let act = DownloadDocument {
            document: name.document,
            from,
        };
        let shown = self.act(&caller, act).await?.value;
        let lease = shown.lease.ok_or_else(|| status::internal("lease"))?;
        seat.lasts_until(lease.until_us());
        let reading = Reading {
            head: Some(view(&caller, shown.document)),
            services: self.clone(),
            caller: caller.without_body(),
            lease,
            next: from.into(),
            aged,
            over: false,
            _seat: seat,
        };
        Ok(Response::new(Box::pin(stream::unfold(
            reading,
            Reading::turn,
        ))))
    }

    async fn remove_document(
        &self,
        request: Request<twin::RemoveDocumentRequest>,
    ) -> Result<Response<twin::RemoveDocumentResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<DocumentName>("name", &request.name));
        let id = fields.request_id(&request.request_id);
        let (name, id) = fields.all(name.zip(id))?;
        let caller = under(caller, &known, name.setting);
        let act = RemoveDocument {
            document: name.document,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        let kept = done.value.kept;
        let receipt = encode::receipt(self.ledger.id().as_str(), done.receipt);
        Ok(Response::new(twin::RemoveDocumentResponse {
            kept,
            receipt,
        }))
    }
}
