//! `PolicyService`.

use baton_domain::access::{Difference, PolicyText};
use baton_domain::act::{ListPolicyChanges, NewPolicies, ReplacePolicySet};
use baton_store::PolicyChange;
use baton_wire::field::LINE_CHARACTERS;
use baton_wire::name::CredentialName;
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, policy_service_server::PolicyService};
use tonic::{Request, Response, Status};

use super::call::{Fields, caller, known};
use super::page;
use super::{Services, encode};

/// Most changes of a page.
const CHANGES_MAX: usize = 100;

/// A hash of a policy set as entries write it.
pub(super) fn hash(fields: &mut Fields, at: &str, hash: String) -> Option<String> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_hash = hash.len() == 64 && hash.bytes().all(digit);
    if !is_hash {
        fields.wrong(at, "sha256", "Give 64 lower-case hexadecimal digits.");
    }
    is_hash.then_some(hash)
}

/// A text, or the hash of one that stood before.
fn policies(fields: &mut Fields, text: String, kept: String) -> Option<NewPolicies> {
    // Twice: the line before each file counts too.
    if text.len() > PolicyText::MAX_BYTES * 2 {
        fields.wrong(
            "text",
            "policy.bytes",
            "The files have at most 256 KiB together.",
        );
        return None;
    }
    match (text.is_empty(), kept.is_empty()) {
        (false, true) => Some(NewPolicies::Text(text)),
        (true, false) => hash(fields, "hash", kept).map(NewPolicies::Kept),
        _ => {
            fields.wrong("text", "one_of", "Give either text or hash.");
            None
        }
    }
}

fn reason(fields: &mut Fields, reason: String) -> Option<String> {
    let characters = reason.chars().count();
    let line = !reason.trim().is_empty() && !reason.chars().any(char::is_control);
    if line && characters <= LINE_CHARACTERS {
        return Some(reason);
    }
    let expected = "Say why on one line of 1 to 200 characters.";
    fields.wrong("reason", "text.line", expected);
    None
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn difference(of: Difference) -> twin::PolicyDifference {
    twin::PolicyDifference {
        role: of.role.to_string(),
        action: of.action.to_string(),
        relation: of.relation.map(|it| it.to_string()).unwrap_or_default(),
        kind: of.kind.map(|it| it.to_string()).unwrap_or_default(),
        gained: number(of.gained),
        lost: number(of.lost),
        circumstances: number(of.of),
    }
}

fn change(of: PolicyChange) -> twin::PolicyChange {
    let credential = CredentialName {
        setting: of.setting,
        credential: of.credential,
    };
    twin::PolicyChange {
        position: encode::signed(of.position),
        time_us: of.time_us,
        credential: credential.to_string(),
        previous_hash: of.previous,
        hash: of.hash,
        reason: of.reason,
    }
}

#[tonic::async_trait]
impl PolicyService for Services {
    async fn get_policy_in_force(
        &self,
        request: Request<twin::GetPolicyInForceRequest>,
    ) -> Result<Response<twin::GetPolicyInForceResponse>, Status> {
        known(&request)?;
        let in_force = self.ledger.policy_in_force().await.map_err(|error| {
            tracing::error!(%error, "the policies in force cannot be read");
            Problem::from(Reason::Unavailable)
        })?;
        let (hash, text) = in_force;
        Ok(Response::new(twin::GetPolicyInForceResponse { hash, text }))
    }

    async fn replace_policy_set(
        &self,
        request: Request<twin::ReplacePolicySetRequest>,
    ) -> Result<Response<twin::ReplacePolicySetResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let policies = policies(&mut fields, request.text, request.hash);
        let expected = hash(&mut fields, "expected_hash", request.expected_hash);
        let reason = reason(&mut fields, request.reason);
        let id = if request.validate_only {
            Some(None)
        } else {
            fields.request_id(&request.request_id).map(Some)
        };
        let given = policies.zip(expected).zip(reason.zip(id));
        let ((policies, expected), (reason, request)) = fields.all(given)?;
        let act = ReplacePolicySet {
            policies,
            expected,
            reason,
            request,
        };
        let done = self.act(&caller, act).await?;
        let differences = done.value.changes.into_iter().map(difference);
        Ok(Response::new(twin::ReplacePolicySetResponse {
            hash: done.value.hash,
            previous_hash: done.value.previous,
            replaced: done.value.replaced,
            differences: differences.collect(),
            differences_left_out: number(done.value.left_out),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn list_policy_changes(
        &self,
        request: Request<twin::ListPolicyChangesRequest>,
    ) -> Result<Response<twin::ListPolicyChangesResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let start = super::audit::natural(&mut fields, "start", request.start);
        let limit = fields.take(page::size(request.page_size, CHANGES_MAX, CHANGES_MAX));
        let (start, limit) = fields.all(start.zip(limit))?;
        let done = self
            .act(&caller, ListPolicyChanges { start, limit })
            .await?;
        let next = done.value.next.map_or(0, encode::signed);
        Ok(Response::new(twin::ListPolicyChangesResponse {
            changes: done.value.changes.into_iter().map(change).collect(),
            next_start: next,
        }))
    }
}
