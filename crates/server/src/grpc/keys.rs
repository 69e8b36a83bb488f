//! `KeyService`.

use baton_domain::act::{RotateKeys, RotateLogKey, RotateMasterKey};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, key_service_server::KeyService};
use tonic::{Request, Response, Status};

use super::call::{Fields, caller, known};
use super::{Services, encode};

/// A nonce, a key, a tag.
const SEALED_KEY_BYTES: usize = 12 + 32 + 16;
const FINGERPRINT_DIGITS: usize = 16;

#[tonic::async_trait]
impl KeyService for Services {
    async fn rotate_keys(
        &self,
        request: Request<twin::RotateKeysRequest>,
    ) -> Result<Response<twin::RotateKeysResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let id = fields.request_id(&request.request_id);
        let request = fields.all(id)?;
        let done = self.act(&caller, RotateKeys { request }).await?;
        Ok(Response::new(twin::RotateKeysResponse {
            epoch: done.value.epoch,
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn rotate_log_key(
        &self,
        request: Request<twin::RotateLogKeyRequest>,
    ) -> Result<Response<twin::RotateLogKeyResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let id = fields.request_id(&request.request_id);
        let request = fields.all(id)?;
        let done = self.act(&caller, RotateLogKey { request }).await?;
        Ok(Response::new(twin::RotateLogKeyResponse {
            verifier_key: done.value.verifier_key,
            previous_verifier_key: done.value.previous,
            overlap_end_time_us: done.value.until_us,
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn rotate_master_key(
        &self,
        request: Request<twin::RotateMasterKeyRequest>,
    ) -> Result<Response<twin::RotateMasterKeyResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        if request.sealed_key.len() != SEALED_KEY_BYTES {
            fields.wrong("sealed_key", "length", "it has 60 bytes");
        }
        let digits = |text: &str| text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        if request.fingerprint.len() != FINGERPRINT_DIGITS || !digits(&request.fingerprint) {
            fields.wrong("fingerprint", "format", "it is 16 digits of 0-9a-f");
        }
        fields.done()?;
        let act = RotateMasterKey {
            sealed: request.sealed_key.to_vec(),
            fingerprint: request.fingerprint,
            validate_only: request.validate_only,
        };
        let done = self.act(&caller, act).await?;
        Ok(Response::new(twin::RotateMasterKeyResponse {
            fingerprint: done.value.fingerprint,
            previous_fingerprint: done.value.previous,
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn list_epochs(
        &self,
        request: Request<twin::ListEpochsRequest>,
    ) -> Result<Response<twin::ListEpochsResponse>, Status> {
        known(&request)?;
        let epochs = self.ledger.epochs().await.map_err(|error| {
            tracing::error!(%error, "the key epochs cannot be listed");
            Problem::from(Reason::Unavailable)
        })?;
        let epochs = epochs.into_iter().map(|epoch| twin::Epoch {
            number: epoch.id,
            open_time_us: epoch.opened_us,
            in_force: epoch.in_force,
            keys: epoch.keys,
        });
        Ok(Response::new(twin::ListEpochsResponse {
            epochs: epochs.collect(),
        }))
    }
}
