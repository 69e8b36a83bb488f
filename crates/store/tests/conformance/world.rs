//! A small world: one council, settings of several kinds, a credential for whoever is needed.

use std::sync::atomic::{AtomicU32, Ordering};

use baton_domain::access::Role;
use baton_domain::act::{
    Bootstrap, Caller, FeedPlace, Fetch, Former, ImportSetting, IssueCredential, ListEntries,
    Offer, Plan, Proof, Publish, Pull, RequestId, RevokeCredential, SettingDraft, Subscribe,
    Target,
};
use baton_domain::ids::{LearnerIdentifier, ProfileId, SettingId, SubscriptionId, TransitionId};
use baton_domain::recipient::Days;
use baton_domain::route::{Route, SettingKind};
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{
    Clock, Done, Fetched, Ledger, MoveSummary, Planned, Presented, Published, Pulled, Refusal,
    SettingView,
};
use jiff::civil::date;
use tokio::sync::watch;

use crate::engine::Home;
use crate::line::Line;
use crate::values::{self, at, code, request, setting};

/// The ledger and who lives on it.
pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) hand: watch::Sender<i64>,
    /// First officer of the council, with every right a council has.
    pub(crate) officer: Caller,
    pub(crate) nursery: SettingView,
    pub(crate) primary: SettingView,
    pub(crate) secondary: SettingView,
    pub(crate) academy: SettingView,
    pub(crate) college: SettingView,
    pub(crate) adult_care: SettingView,
    next: AtomicU32,
}

/// A council and its officer on an empty ledger.
pub(crate) async fn bootstrap(home: &Home, clock: &Clock) -> (Ledger, Caller) {
    let token = Ledger::create(&home.place(), clock).await.unwrap();
    let ledger = Ledger::open(&home.place(), clock.clone(), false)
        .await
        .unwrap();
    let presented = baton_store::Presented::Key {
        credential: token.credential,
        secret: token.secret.to_vec(),
    };
    let known = ledger.authenticate(&presented).await.unwrap().unwrap();
    assert!(known.one_time);
    let council = setting(
        SettingKind::Council,
        "Barking and Dagenham",
        &["baton-local:lbbd"],
    );
    let first = Caller {
        credential: known.credential,
        acting: known.setting,
    };
    let made = ledger
        .act(
            &first,
            Bootstrap {
                council,
                signed: Some(values::signed()),
                proof: Proof::Certificate([1; 32]),
            },
        )
        .await
        .unwrap()
        .value;
    let officer = Caller {
        credential: made.issued.credential.id,
        acting: made.council.id,
    };
    (ledger, officer)
}

impl World {
    pub(crate) async fn new(home: &Home) -> Self {
        // On the heap: every test has one.
        Box::pin(Self::made(home)).await
    }

    async fn made(home: &Home) -> Self {
        let (clock, hand) = Clock::fixed(at(values::NOON_10_MARCH));
        let (ledger, officer) = bootstrap(home, &clock).await;
        let import = |kind, name, code| {
            let act = ImportSetting {
                setting: setting(kind, name, &[code]),
                signed: Some(values::signed()),
                request: request(format!("import-{code}")),
                validate_only: false,
            };
            let (ledger, officer) = (&ledger, &officer);
            async move { ledger.act(officer, act).await.unwrap().value.setting }
        };
        let (nursery, primary, secondary, academy, college, adult_care) = tokio::join!(
            import(SettingKind::Nursery, "Little Acorns", "ofsted-ey:EY100001"),
            import(SettingKind::School, "Ripple Primary", "gias:100002"),
            import(SettingKind::School, "Eastbrook", "gias:100003"),
            import(SettingKind::School, "Riverside", "gias:100004"),
            import(SettingKind::College, "Barking College", "ukprn:10000005"),
            import(
                SettingKind::AdultSocialCare,
                "Adult Care",
                "baton-local:adult-care"
            ),
        );
        let next = AtomicU32::new(0);
        Self {
            ledger,
            clock,
            hand,
            officer,
            nursery,
            primary,
            secondary,
            academy,
            college,
            adult_care,
            next,
        }
    }

    pub(crate) fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn request(&self) -> RequestId {
        request(format!("request-{}", self.number()))
    }

    /// A certificate of a setting with these roles.
    pub(crate) async fn caller(&self, of: &SettingId, roles: &[Role]) -> Caller {
        self.certified(of, roles).await.0
    }

    /// The same, with what it presents.
    pub(crate) async fn certified(&self, of: &SettingId, roles: &[Role]) -> (Caller, Presented) {
        let mut spki = [7; 32];
        spki[..4].copy_from_slice(&self.number().to_be_bytes());
        let act = IssueCredential {
            setting: of.clone(),
            label: "of a test".to_owned(),
            grant: values::grant(roles),
            proof: Proof::Certificate(spki),
            days: Days::default(),
            lifetime_days: 300,
            request: self.request(),
        };
        let issued = self.ledger.act(&self.officer, act).await.unwrap().value;
        let caller = Caller {
            credential: issued.credential.id,
            acting: of.clone(),
        };
        (caller, Presented::Certificate(spki))
    }

    /// Revoked, asked of one of the ledger's nodes.
    pub(crate) async fn revoke(&self, node: &Ledger, caller: &Caller) {
        let act = RevokeCredential {
            setting: caller.acting.clone(),
            credential: caller.credential.clone(),
            request: self.request(),
        };
        assert!(node.act(&self.officer, act).await.unwrap().value.revoked);
    }

    pub(crate) async fn import(&self, setting: SettingDraft) -> SettingView {
        let signs = setting.kind != SettingKind::Vendor;
        let act = ImportSetting {
            setting,
            signed: signs.then(values::signed),
            request: self.request(),
            validate_only: false,
        };
        self.ledger
            .act(&self.officer, act)
            .await
            .unwrap()
            .value
            .setting
    }

    /// A plan of Year 6 to Year 7 with an accepted offer of 2 March.
    pub(crate) fn plan(&self, learner: LearnerIdentifier) -> Plan {
        Plan {
            from: code("gias:100002"),
            learner: vec![learner],
            to: Some(code("gias:100003")),
            route: Route::find("primary-secondary").unwrap(),
            academic_year: values::year(),
            offer: Offer {
                date: Some(date(2026, 3, 2)),
                accepted: Some(true),
            },
            start_date: None,
            final_plan_names_receiver: false,
            group: None,
            request: self.request(),
        }
    }

    /// The council plans a move whose window is open.
    pub(crate) async fn open_move(&self, learner: u32) -> TransitionId {
        let plan = self.plan(values::upn(learner));
        self.planned(&self.officer, plan)
            .await
            .unwrap()
            .transition
            .id
    }

    pub(crate) async fn planned(&self, by: &Caller, plan: Plan) -> Result<Planned, Refusal> {
        self.ledger.act(by, plan).await.map(|done| done.value)
    }

    pub(crate) fn publish(
        &self,
        transition: &TransitionId,
        kinds: &[SectionKind],
        marker: &str,
    ) -> Publish {
        Publish {
            target: Target::Transition(transition.clone()),
            level: 1,
            sections: values::sections(kinds, marker),
            removes: KindSet::EMPTY,
            signatory: format!("signed by {marker}"),
            born: None,
            stated: Vec::new(),
            former: Former::default(),
            peers: Vec::new(),
            request: self.request(),
        }
    }

    pub(crate) async fn published(&self, by: &Caller, publish: Publish) -> Done<Published> {
        self.ledger.act(by, publish).await.unwrap()
    }

    pub(crate) async fn subscription(&self, by: &Caller) -> SubscriptionId {
        let act = Subscribe {
            name: "all".to_owned(),
            point: None,
            academic_year: None,
            request: self.request(),
        };
        self.ledger.act(by, act).await.unwrap().value.id
    }

    pub(crate) async fn pull(
        &self,
        by: &Caller,
        subscription: &SubscriptionId,
        from: impl Into<FeedPlace>,
    ) -> Result<Done<Pulled>, Refusal> {
        let act = Pull {
            subscription: subscription.clone(),
            from: from.into(),
            limit: 64,
            inline: false,
            lease: baton_domain::act::Lease::Break,
        };
        self.ledger.act(by, act).await
    }

    pub(crate) async fn fetch(&self, by: &Caller, profile: &ProfileId) -> Result<Fetched, Refusal> {
        let act = Fetch {
            profile: profile.clone(),
            kinds: KindSet::EMPTY,
        };
        self.ledger.act(by, act).await.map(|done| done.value)
    }

    pub(crate) async fn summary(&self, by: &Caller, of: &TransitionId) -> MoveSummary {
        let act = baton_domain::act::ShowTransition {
            transition: of.clone(),
        };
        self.ledger.act(by, act).await.unwrap().value
    }

    /// Entries so far, as the ledger knows its size.
    pub(crate) fn size(&self) -> u64 {
        *self.ledger.size().borrow()
    }

    /// Waits until the ledger has grown to a size.
    pub(crate) async fn grown_to(&self, size: u64) {
        self.ledger
            .size()
            .wait_for(|known| *known >= size)
            .await
            .unwrap();
    }

    /// Waits until a subscription has something from a position on.
    pub(crate) async fn arrival(
        &self,
        by: &Caller,
        subscription: &SubscriptionId,
        from: impl Into<FeedPlace>,
    ) -> Pulled {
        let from = from.into();
        let mut size = self.ledger.size();
        loop {
            size.borrow_and_update();
            let pulled = self.pull(by, subscription, from).await.unwrap().value;
            if !pulled.items.is_empty() {
                return pulled;
            }
            size.changed().await.unwrap();
        }
    }

    /// The stored bytes of every entry there was before this was asked.
    pub(crate) async fn bodies(&self) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        let end = self.size();
        while (bodies.len() as u64) < end {
            let act = ListEntries {
                start: bodies.len() as u64,
                limit: 500,
            };
            let page = self.ledger.act(&self.officer, act).await.unwrap().value;
            for (position, body, _) in page.entries {
                assert_eq!(position, bodies.len() as u64, "positions are dense");
                bodies.push(body.unwrap());
            }
        }
        bodies
    }

    /// Every entry from a position on, parsed.
    pub(crate) async fn entries(&self, from: u64) -> Vec<Line> {
        let bodies = self.bodies().await;
        bodies
            .iter()
            .skip(usize::try_from(from).unwrap())
            .map(|body| Line::parse(body))
            .collect()
    }
}
