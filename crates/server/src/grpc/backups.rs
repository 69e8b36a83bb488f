//! `BackupService`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use baton_domain::act::BackUp;
use baton_store::{
    BackedUp, BackupError, BackupProgress, BackupStage, ContentBackup, Done, KeyBackup, Leave,
    Watcher,
};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, backup_service_server::BackupService};
use futures::Stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::call::{caller, known};
use super::{Services, encode};

/// Turns that wait for a caller that does not read. More of them are left out.
const TURNS_HELD: usize = 4;
/// How long a caller may take to take the last one.
const LAST_TURN_MAX: Duration = Duration::from_secs(30);

type Turn = Result<twin::BackUpResponse, Status>;

#[tonic::async_trait]
impl BackupService for Services {
    type BackUpStream = Pin<Box<dyn Stream<Item = Turn> + Send>>;

    async fn back_up(
        &self,
        request: Request<twin::BackUpRequest>,
    ) -> Result<Response<Self::BackUpStream>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let turn = self.backups.turn();
        let content = self.backups.content.is_some() && !request.keys_only;
        let keys = self.backups.keys.is_some();
        let hindrance = match &turn {
            _ if !content && !keys => Some(Reason::BackupNotConfigured),
            None => Some(Reason::BackupRunning),
            Some(_) => None,
        };
        let act = BackUp {
            content,
            keys,
            hindrance: hindrance.map(Reason::name),
        };
        let done = self.act(&caller, act).await?;
        let (told, turns) = mpsc::channel(TURNS_HELD);
        // A task of its own: what is entered as backed up is backed up though the caller go away.
        self.tasks.spawn(self.clone().make(done, turn, told));
        Ok(Response::new(Box::pin(ReceiverStream::new(turns))))
    }
}

impl Services {
    async fn make(
        self,
        done: Done<Leave>,
        turn: Option<OwnedSemaphorePermit>,
        told: mpsc::Sender<Turn>,
    ) {
        let watcher: Watcher = {
            let told = told.clone();
            Arc::new(move |progress| {
                let _ = told.try_send(Ok(self::progress(progress)));
            })
        };
        let to = (self.backups.content.as_ref(), self.backups.keys.as_ref());
        let made = self.ledger.back_up(done.value, to, (&self.stop, &watcher));
        let last = match made.await {
            Ok(made) => {
                if made.content.is_some() {
                    let seconds = Duration::from_micros(self.ledger.now_us().unsigned_abs());
                    metrics::gauge!("baton_backup_made_seconds").set(seconds.as_secs_f64());
                }
                Ok(twin::BackUpResponse {
                    receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
                    ..last(made)
                })
            }
            Err(BackupError::Stopped) => Err(Problem::from(Reason::Unavailable).into()),
            Err(error) => {
                tracing::error!(%error, "the backup could not be made");
                Err(Problem::from(Reason::BackupFailed).into())
            }
        };
        let stop = self.stop.clone();
        // The ledger may be closed, and the next backup made, though nobody takes this.
        drop((self, turn));
        tokio::select! {
            _ = tokio::time::timeout(LAST_TURN_MAX, told.send(last)) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn number<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn progress(progress: BackupProgress) -> twin::BackUpResponse {
    let stage = match progress.stage {
        BackupStage::Copying => twin::BackupStage::Copying,
        BackupStage::Verifying | BackupStage::Restoring => twin::BackupStage::Verifying,
    };
    twin::BackUpResponse {
        progress: Some(twin::BackupProgress {
            stage: stage.into(),
            done: number(progress.done),
            total: number(progress.total),
        }),
        ..Default::default()
    }
}

fn last(made: BackedUp) -> twin::BackUpResponse {
    let removed = |files: usize| i32::try_from(files).unwrap_or(i32::MAX);
    let content = |made: ContentBackup| twin::ContentBackup {
        file: made.path.display().to_string(),
        size_bytes: number(made.bytes),
        sha256: made.sha256.to_vec().into(),
        term: number(made.term),
        tree_size: number(made.size),
        epoch: made.epoch,
        oldest_epoch: made.oldest_epoch,
        until_us: made.until_us.unwrap_or_default(),
        removed: removed(made.removed),
    };
    let keys = |made: KeyBackup| twin::KeyBackup {
        file: made.path.display().to_string(),
        epochs: made.epochs,
        removed: removed(made.removed),
    };
    twin::BackUpResponse {
        content: made.content.map(content),
        keys: made.keys.map(keys),
        ..Default::default()
    }
}
