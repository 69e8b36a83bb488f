//! `ProfileService`.

use baton_domain::act::{Fetch, Publish, Withdraw};
use baton_domain::route::Point;
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{Done, Known, Published, london_date};
use baton_wire::convert::required;
use baton_wire::name::{self, ProfileName, TransitionName};
use baton_wire::status::Problem;
use baton_wire::submission::{self, Submission};
use baton_wire::twin::{self, profile_service_server::ProfileService};
use baton_wire::violation::Violation;
use baton_wire::{core_questions, peers, walk};
use jiff::civil::Date;
use tonic::{Request, Response, Status};

use super::agreements::missing;
use super::call::{Asking, Fields, caller, known, under};
use super::{Services, encode};

const BATCH_MAX: usize = 64;

/// Problems of a submission as those of the field `profile`.
fn below(wrong: Vec<Violation>) -> Vec<Violation> {
    wrong.into_iter().map(|one| one.below("profile")).collect()
}

/// Reads a submission.
fn read(fields: &mut Fields, profile: &twin::ProfileSubmission, today: Date) -> Option<Submission> {
    let read = submission::read(profile, today);
    read.map_err(|wrong| fields.extend(below(wrong))).ok()
}

/// The caller as the named transition has it: a name under another setting is asked for there.
fn as_named(caller: Asking, known: &Known, profile: &twin::ProfileSubmission) -> Asking {
    match profile.transition.parse::<TransitionName>() {
        Ok(name) => under(caller, known, name.setting),
        Err(_) => caller,
    }
}

impl Services {
    /// Decodes and publishes one submission.
    async fn publish(
        &self,
        known: &Known,
        caller: Asking,
        profile: Option<twin::ProfileSubmission>,
        request_id: &str,
    ) -> Result<Done<Published>, Problem> {
        let today = london_date(self.ledger.now_us());
        let profile = profile.unwrap_or_default();
        let mut fields = Fields::default();
        let request = fields.request_id(request_id);
        let read = read(&mut fields, &profile, today);
        let (read, request) = fields.all(read.zip(request))?;
        let act = Publish {
            target: read.target,
            level: u8::try_from(i32::from(read.level)).unwrap_or_default(),
            sections: read.sections,
            removes: read.removes,
            signatory: read.signatory,
            born: read.born,
            stated: read.stated,
            former: read.former,
            peers: read.peers,
            request,
        };
        let done = self.act(&as_named(caller, known, &profile), act).await;
        done.map_err(|problem| Problem {
            violations: below(problem.violations),
            ..problem
        })
    }

    fn published(&self, caller: &Asking, done: Done<Published>) -> twin::PublishProfileResponse {
        let setting = caller.acting.clone();
        let unlinked = done.value.unlinked().into_iter();
        let notices = unlinked.map(|one| peers::notice(one.place, one.why).below("profile"));
        let notices = notices.map(Into::into).collect();
        let name = ProfileName {
            setting,
            profile: done.value.profile,
        };
        twin::PublishProfileResponse {
            name: name.to_string(),
            version: i32::try_from(done.value.version).unwrap_or(i32::MAX),
            changed: done.value.changed,
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
            notices,
            missing_agreement: done.value.without_agreement.as_ref().map(missing),
        }
    }
}

#[tonic::async_trait]
impl ProfileService for Services {
    async fn publish_profile(
        &self,
        request: Request<twin::PublishProfileRequest>,
    ) -> Result<Response<twin::PublishProfileResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let done = self
            .publish(&known, caller.clone(), request.profile, &request.request_id)
            .await?;
        Ok(Response::new(self.published(&caller, done)))
    }

    async fn batch_publish_profiles(
        &self,
        request: Request<twin::BatchPublishProfilesRequest>,
    ) -> Result<Response<twin::BatchPublishProfilesResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        if request.requests.len() > BATCH_MAX {
            fields.wrong("requests", "items.count", "Give at most 64 items.");
        }
        for (index, item) in request.requests.iter().enumerate() {
            if !item.parent.is_empty() && item.parent != request.parent {
                let say = "Leave it empty, or give the parent of the call.";
                fields.wrong(&format!("requests[{index}].parent"), "parent", say);
            }
        }
        fields.done()?;
        let publishes = request.requests.into_iter().map(|item| {
            let (known, caller) = (&known, caller.clone());
            async move {
                self.publish(known, caller, item.profile, &item.request_id)
                    .await
            }
        });
        let items = futures::future::join_all(publishes)
            .await
            .into_iter()
            .map(|done| match done {
                Ok(done) => twin::PublishedItem {
                    published: Some(self.published(&caller, done)),
                    error: None,
                },
                Err(problem) => twin::PublishedItem {
                    published: None,
                    error: Some(problem.into()),
                },
            });
        let items = items.collect();
        Ok(Response::new(twin::BatchPublishProfilesResponse { items }))
    }

    async fn check_profile(
        &self,
        request: Request<twin::CheckProfileRequest>,
    ) -> Result<Response<twin::CheckProfileResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        if caller.acting != known.setting {
            return Err(Problem::from(baton_wire::status::Reason::PermissionDenied).into());
        }
        let today = london_date(self.ledger.now_us());
        let profile = request.profile.unwrap_or_default();
        let mut fields = Fields::default();
        let point = required::<twin::Point, Point>("profile.point", profile.point).ok();
        // Completeness is told whatever else is wrong: both are mended in one go.
        let _ = read(&mut fields, &profile, today);
        let sections = walk::cut(&profile.content);
        let missing = point.map(|point| core_questions::missing(point, &sections));
        // Below the same field as the violations beside them.
        let missing = missing.into_iter().flatten();
        let missing_core = missing.map(|path| format!("profile.{path}")).collect();
        let named = peers::named(&sections);
        let notices = peers::unnamed(&named).map(|one| one.below("profile").into());
        let notices = notices.collect();
        let violations = fields.into_violations();
        Ok(Response::new(twin::CheckProfileResponse {
            violations: violations.into_iter().map(Into::into).collect(),
            missing_core,
            notices,
        }))
    }

    async fn get_profile(
        &self,
        request: Request<twin::GetProfileRequest>,
    ) -> Result<Response<twin::Profile>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<ProfileName>("name", &request.name));
        let mut kinds = KindSet::EMPTY;
        for (index, number) in request.kinds.iter().enumerate() {
            let kind =
                required::<twin::SectionKind, SectionKind>(&format!("kinds[{index}]"), *number);
            if let Some(kind) = fields.take(kind) {
                kinds.insert(kind);
            }
        }
        let name = fields.all(name)?;
        let caller = under(caller, &known, name.setting);
        let done = self
            .act(
                &caller,
                Fetch {
                    profile: name.profile,
                    kinds,
                },
            )
            .await?;
        Ok(Response::new(encode::profile(&caller, done.value)))
    }

    async fn withdraw_profile(
        &self,
        request: Request<twin::WithdrawProfileRequest>,
    ) -> Result<Response<twin::WithdrawProfileResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<ProfileName>("name", &request.name));
        let id = fields.request_id(&request.request_id);
        let (name, id) = fields.all(name.zip(id))?;
        let caller = under(caller, &known, name.setting);
        let done = self
            .act(
                &caller,
                Withdraw {
                    profile: name.profile,
                    request: id,
                },
            )
            .await?;
        let receipt = encode::receipt(self.ledger.id().as_str(), done.receipt);
        Ok(Response::new(twin::WithdrawProfileResponse { receipt }))
    }
}
