//! `KeyService`.

use baton_domain::act::{RotateKeys, RotateLogKey};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, key_service_server::KeyService};
use tonic::{Request, Response, Status};

use super::call::{Fields, caller, known};
use super::{Services, encode};

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
