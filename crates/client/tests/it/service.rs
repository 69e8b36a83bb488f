//! What the double answers: by script, and it remembers what it was asked.

use std::{pin::Pin, sync::atomic::Ordering, time::Duration};

use baton_domain::log::Plan;
use baton_wire::{
    status::{Problem, Reason},
    twin::{
        self, audit_service_server as audit, profile_service_server as profile,
        subscription_service_server as subscription,
    },
};
use futures::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status};

use crate::double::{Asked, Say, Service};

fn unscripted<T>() -> Result<Response<T>, Status> {
    Err(Reason::Unimplemented.into())
}

#[tonic::async_trait]
impl profile::ProfileService for Service {
    async fn publish_profile(
        &self,
        request: Request<twin::PublishProfileRequest>,
    ) -> Result<Response<twin::PublishProfileResponse>, Status> {
        let text = |key| {
            request
                .metadata()
                .get(key)
                .map(|v| v.to_str().unwrap().to_owned())
        };
        let asked = Asked {
            authorization: text("authorization"),
            timeout: text("grpc-timeout").is_some(),
            request_id: request.get_ref().request_id.clone(),
            parent: request.get_ref().parent.clone(),
        };
        self.0.asked.lock().unwrap().push(asked);
        let say = self.0.publish.lock().unwrap().pop_front();
        match say {
            None => {
                let version = 1;
                Ok(Response::new(twin::PublishProfileResponse {
                    version,
                    ..Default::default()
                }))
            }
            Some(Say::Fail(problem)) => Err(problem.into()),
            Some(Say::Hang) => std::future::pending().await,
        }
    }

    async fn batch_publish_profiles(
        &self,
        request: Request<twin::BatchPublishProfilesRequest>,
    ) -> Result<Response<twin::BatchPublishProfilesResponse>, Status> {
        let requests = request.into_inner().requests;
        let now = self.0.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.in_flight_max.fetch_max(now, Ordering::SeqCst);
        self.0.batches.lock().unwrap().push(requests.len());
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        let say = self.0.publish.lock().unwrap().pop_front();
        if let Some(Say::Fail(problem)) = say {
            return Err(problem.into());
        }
        let item = |request: twin::PublishProfileRequest| {
            let mut no_room = self.0.no_room.lock().unwrap();
            if let Some(at) = no_room.iter().position(|id| *id == request.request_id) {
                no_room.remove(at);
                let error = Some(Problem::from(Reason::QueueFull).into());
                return twin::PublishedItem {
                    error,
                    published: None,
                };
            }
            if request.request_id.starts_with("denied") {
                let error = Some(Problem::from(Reason::PermissionDenied).into());
                return twin::PublishedItem {
                    error,
                    published: None,
                };
            }
            let name = request.request_id;
            let published = Some(twin::PublishProfileResponse {
                name,
                ..Default::default()
            });
            twin::PublishedItem {
                published,
                error: None,
            }
        };
        let items = requests.into_iter().map(item).collect();
        Ok(Response::new(twin::BatchPublishProfilesResponse { items }))
    }

    async fn check_profile(
        &self,
        _: Request<twin::CheckProfileRequest>,
    ) -> Result<Response<twin::CheckProfileResponse>, Status> {
        unscripted()
    }

    async fn get_profile(
        &self,
        _: Request<twin::GetProfileRequest>,
    ) -> Result<Response<twin::Profile>, Status> {
        unscripted()
    }

    async fn withdraw_profile(
        &self,
        _: Request<twin::WithdrawProfileRequest>,
    ) -> Result<Response<twin::WithdrawProfileResponse>, Status> {
        unscripted()
    }
}

#[tonic::async_trait]
impl subscription::SubscriptionService for Service {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<twin::WatchResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<twin::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.0
            .tokens
            .lock()
            .unwrap()
            .push(request.into_inner().token);
        let told = self.0.streams.lock().unwrap().pop_front();
        let ends = told.is_some();
        let told = told
            .unwrap_or_default()
            .into_iter()
            .map(|turn| turn.map_err(Status::from));
        let told = stream::iter(told);
        Ok(Response::new(if ends {
            told.boxed()
        } else {
            told.chain(stream::pending()).boxed()
        }))
    }

    async fn pull(
        &self,
        request: Request<twin::PullRequest>,
    ) -> Result<Response<twin::PullResponse>, Status> {
        self.0
            .tokens
            .lock()
            .unwrap()
            .push(request.into_inner().token);
        let told = self
            .0
            .streams
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_default();
        let twin::WatchResponse {
            items,
            token,
            ledger_changed,
            checkpoint,
        } = told
            .into_iter()
            .next()
            .unwrap_or_else(|| Ok(twin::WatchResponse::default()))?;
        Ok(Response::new(twin::PullResponse {
            items,
            token,
            ledger_changed,
            checkpoint,
        }))
    }

    async fn create_subscription(
        &self,
        _: Request<twin::CreateSubscriptionRequest>,
    ) -> Result<Response<twin::Subscription>, Status> {
        unscripted()
    }

    async fn acknowledge(
        &self,
        _: Request<twin::AcknowledgeRequest>,
    ) -> Result<Response<twin::AcknowledgeResponse>, Status> {
        unscripted()
    }

    async fn reject(
        &self,
        _: Request<twin::RejectRequest>,
    ) -> Result<Response<twin::RejectResponse>, Status> {
        unscripted()
    }
}

#[tonic::async_trait]
impl audit::AuditService for Service {
    async fn get_checkpoint(
        &self,
        _: Request<twin::GetCheckpointRequest>,
    ) -> Result<Response<twin::GetCheckpointResponse>, Status> {
        let ledger = self.0.ledger.lock().unwrap();
        Ok(Response::new(twin::GetCheckpointResponse {
            checkpoint: ledger.checkpoint(),
            verifier_key: ledger.key().verifier().to_string(),
            ledger_id: "ldg_1".to_owned(),
            ..Default::default()
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<twin::GetConsistencyProofRequest>,
    ) -> Result<Response<twin::GetConsistencyProofResponse>, Status> {
        if let Some(reason) = self.0.proofs.lock().unwrap().pop_front() {
            return Err(reason.into());
        }
        let asked = request.into_inner();
        let (old, new) = (
            asked.old_size.try_into().unwrap(),
            asked.new_size.try_into().unwrap(),
        );
        let ledger = self.0.ledger.lock().unwrap();
        if new > ledger.leaves.len() as u64 {
            return Err(Reason::PermissionDenied.into());
        }
        let hashes = ledger.prove(&Plan::consistency(old, new).unwrap());
        let (new_size, checkpoint) = (asked.new_size, ledger.checkpoint());
        Ok(Response::new(twin::GetConsistencyProofResponse {
            hashes,
            new_size,
            checkpoint,
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<twin::GetInclusionProofRequest>,
    ) -> Result<Response<twin::GetInclusionProofResponse>, Status> {
        let asked = request.into_inner();
        let (at, size) = (
            asked.position.try_into().unwrap(),
            asked.tree_size.try_into().unwrap(),
        );
        let ledger = self.0.ledger.lock().unwrap();
        Ok(Response::new(twin::GetInclusionProofResponse {
            hashes: ledger.prove(&Plan::inclusion(at, size).unwrap()),
            tree_size: asked.tree_size,
            ..Default::default()
        }))
    }

    async fn list_entries(
        &self,
        _: Request<twin::ListEntriesRequest>,
    ) -> Result<Response<twin::ListEntriesResponse>, Status> {
        unscripted()
    }

    async fn get_tile(
        &self,
        _: Request<twin::GetTileRequest>,
    ) -> Result<Response<twin::GetTileResponse>, Status> {
        unscripted()
    }

    async fn get_policy_set(
        &self,
        _: Request<twin::GetPolicySetRequest>,
    ) -> Result<Response<twin::GetPolicySetResponse>, Status> {
        unscripted()
    }

    async fn list_access_rows(
        &self,
        _: Request<twin::ListAccessRowsRequest>,
    ) -> Result<Response<twin::ListAccessRowsResponse>, Status> {
        unscripted()
    }

    async fn who_saw(
        &self,
        _: Request<twin::WhoSawRequest>,
    ) -> Result<Response<twin::WhoSawResponse>, Status> {
        unscripted()
    }

    async fn record_disclosure(
        &self,
        _: Request<twin::RecordDisclosureRequest>,
    ) -> Result<Response<twin::RecordDisclosureResponse>, Status> {
        unscripted()
    }
}
