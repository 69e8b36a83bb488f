//! `AuditService`.

use std::ops::Range;

use baton_domain::act::{ListAccessRows, ListEntries, ShowPolicySet, WhoSaw};
use baton_domain::log::tile::{self, Kind, TilePath};
use baton_store::StoreError;
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, audit_service_server::AuditService};
use tonic::{Request, Response, Status};

use super::call::{Fields, caller, known, under};
use super::disclosure::{self, Named};
use super::page::{self, Binding};
use super::{Services, encode, policies, sighting};

const ENTRIES_MAX: usize = 512;
/// Most sightings of an answer.
const SIGHTINGS_MAX: usize = 500;
const ROWS: usize = 1_000;
const ROWS_MAX: usize = 5_000;

/// Proofs are public: they say nothing but what a checkpoint commits to.
fn proof<T>(found: Result<Option<T>, StoreError>) -> Result<T, Problem> {
    match found {
        Ok(Some(proof)) => Ok(proof),
        Ok(None) => Err(Reason::PermissionDenied.into()),
        Err(error) => {
            tracing::error!(%error, "a proof cannot be made");
            Err(Reason::Unavailable.into())
        }
    }
}

/// A position or size of a request.
pub(super) fn natural(fields: &mut Fields, field: &str, value: i64) -> Option<u64> {
    let read = u64::try_from(value).ok();
    if read.is_none() {
        fields.wrong(field, "natural", "Give 0 or a positive number.");
    }
    read
}

/// Level and places of a tile of hashes.
fn hashes_at(fields: &mut Fields, path: &str) -> Option<(u8, Range<u64>)> {
    let read = path.parse().ok().and_then(|path: TilePath| {
        let Kind::Hashes(level) = path.kind else {
            return None;
        };
        let width = path
            .partial
            .map_or(tile::WIDTH, |width| u64::from(width.get()));
        let start = path.index.checked_mul(tile::WIDTH)?;
        Some((level, start..start.checked_add(width)?))
    });
    if read.is_none() {
        let say = "Give tile/<level>/<index>[.p/<width>] as C2SP tlog-tiles writes it.";
        fields.wrong("path", "tile", say);
    }
    read
}

/// 0 means the newest.
fn newest(size: u64) -> Option<u64> {
    (size != 0).then_some(size)
}

#[tonic::async_trait]
impl AuditService for Services {
    async fn get_checkpoint(
        &self,
        request: Request<twin::GetCheckpointRequest>,
    ) -> Result<Response<twin::GetCheckpointResponse>, Status> {
        known(&request)?;
        let newest = self.ledger.newest().await.map_err(|error| {
            tracing::error!(%error, "the head cannot be read");
            Problem::from(Reason::Unavailable)
        })?;
        Ok(Response::new(twin::GetCheckpointResponse {
            checkpoint: newest.checkpoint,
            verifier_key: newest.verifier_key,
            ledger_id: self.ledger.id().to_string(),
            cosigned_checkpoint: newest.cosigned.unwrap_or_default(),
            handovers: newest.handovers,
        }))
    }

    async fn list_entries(
        &self,
        request: Request<twin::ListEntriesRequest>,
    ) -> Result<Response<twin::ListEntriesResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let start = natural(&mut fields, "start", request.start);
        let limit = fields.take(page::size(request.page_size, ENTRIES_MAX, ENTRIES_MAX));
        let (start, limit) = fields.all(start.zip(limit))?;
        let done = self.act(&caller, ListEntries { start, limit }).await?;
        let entries = done
            .value
            .entries
            .into_iter()
            .map(|(position, body, leaf)| twin::LedgerEntry {
                position: encode::signed(position),
                body: body.unwrap_or_default().into(),
                leaf_hash: encode::hash(&leaf),
            });
        Ok(Response::new(twin::ListEntriesResponse {
            entries: entries.collect(),
            checkpoint: done.value.checkpoint,
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<twin::GetInclusionProofRequest>,
    ) -> Result<Response<twin::GetInclusionProofResponse>, Status> {
        known(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let position = natural(&mut fields, "position", request.position);
        let size = natural(&mut fields, "tree_size", request.tree_size);
        let (position, size) = fields.all(position.zip(size))?;
        let proof = proof(self.ledger.inclusion(position, newest(size)).await)?;
        Ok(Response::new(twin::GetInclusionProofResponse {
            hashes: proof.hashes.iter().map(encode::hash).collect(),
            leaf_hash: proof.leaf.as_ref().map(encode::hash).unwrap_or_default(),
            tree_size: encode::signed(proof.size),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<twin::GetConsistencyProofRequest>,
    ) -> Result<Response<twin::GetConsistencyProofResponse>, Status> {
        known(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let old = natural(&mut fields, "old_size", request.old_size);
        let new = natural(&mut fields, "new_size", request.new_size);
        let (old, new) = fields.all(old.zip(new))?;
        let proof = proof(self.ledger.consistency(old, newest(new)).await)?;
        Ok(Response::new(twin::GetConsistencyProofResponse {
            hashes: proof.hashes.iter().map(encode::hash).collect(),
            new_size: encode::signed(proof.size),
            checkpoint: proof.checkpoint,
        }))
    }

    async fn get_tile(
        &self,
        request: Request<twin::GetTileRequest>,
    ) -> Result<Response<twin::GetTileResponse>, Status> {
        known(&request)?;
        let mut fields = Fields::default();
        let at = hashes_at(&mut fields, &request.into_inner().path);
        let (level, indices) = fields.all(at)?;
        let hashes = proof(self.ledger.tile(level, indices).await)?;
        Ok(Response::new(twin::GetTileResponse {
            hashes: tile::write_hashes(&hashes).into(),
        }))
    }

    async fn get_policy_set(
        &self,
        request: Request<twin::GetPolicySetRequest>,
    ) -> Result<Response<twin::GetPolicySetResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let hash = policies::hash(&mut fields, "hash", request.hash);
        let hash = fields.all(hash)?;
        let text = self.act(&caller, ShowPolicySet { hash }).await?.value;
        Ok(Response::new(twin::GetPolicySetResponse { text }))
    }

    async fn list_access_rows(
        &self,
        request: Request<twin::ListAccessRowsRequest>,
    ) -> Result<Response<twin::ListAccessRowsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let binding = Binding {
            ledger: &self.ledger,
            caller: &caller,
            arguments: "access-rows".to_owned(),
        };
        let mut fields = Fields::default();
        let after = fields.take(binding.open(&request.page_token));
        let limit = fields.take(page::size(request.page_size, ROWS, ROWS_MAX));
        let (after, limit) = fields.all(after.zip(limit))?;
        let after = after.as_deref().and_then(|text| text.split_once('\n'));
        let after = after.map(|(table, key)| (table.to_owned(), key.to_owned()));
        let done = self.act(&caller, ListAccessRows { after, limit }).await?;
        let next = done
            .value
            .next
            .map(|(table, key)| format!("{table}\n{key}"));
        let rows = done
            .value
            .rows
            .into_iter()
            .map(|(table, key, commitment)| twin::AccessRow {
                table: table.to_owned(),
                key,
                commitment: commitment.to_vec().into(),
            });
        Ok(Response::new(twin::ListAccessRowsResponse {
            rows: rows.collect(),
            next_page_token: binding.seal(next.as_deref())?,
            tree_size: encode::signed(done.value.size),
        }))
    }

    async fn who_saw(
        &self,
        request: Request<twin::WhoSawRequest>,
    ) -> Result<Response<twin::WhoSawResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let named = Named {
            transition: request.transition,
            learner: request.learner,
            alias: request.alias,
        };
        let whose = named.read(&mut fields);
        let start = natural(&mut fields, "start", request.start);
        let limit = page::size(request.page_size, SIGHTINGS_MAX, SIGHTINGS_MAX);
        let limit = fields.take(limit);
        let ((whose, under_name), (start, limit)) = fields.all(whose.zip(start.zip(limit)))?;
        let caller = match under_name {
            Some(setting) => under(caller, &known, setting),
            None => caller,
        };
        let act = WhoSaw {
            whose,
            start,
            limit,
        };
        let done = self.act(&caller, act).await?;
        let next_start = done.value.next.map_or(0, encode::signed);
        let sightings = done.value.sightings.into_iter();
        Ok(Response::new(twin::WhoSawResponse {
            sightings: sightings
                .map(|seen| sighting::encode(&caller.acting, seen))
                .collect(),
            next_start,
        }))
    }

    async fn record_disclosure(
        &self,
        request: Request<twin::RecordDisclosureRequest>,
    ) -> Result<Response<twin::RecordDisclosureResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let (disclosure, under_name) = disclosure::read(request)?;
        let caller = match under_name {
            Some(setting) => under(caller, &known, setting),
            None => caller,
        };
        let done = self.act(&caller, disclosure).await?;
        Ok(Response::new(twin::RecordDisclosureResponse {
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }
}
