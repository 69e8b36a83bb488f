//! The closed list of reasons a call can fail for. A reason is only ever added: clients decide by it.

use tonic::Code;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $code:ident, $message:literal;)+) => {
        /// Why a call, or one item of a batch, failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As in `ErrorInfo.reason`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The gRPC code it is answered with.
            pub const fn code(self) -> Code {
                match self { $(Self::$name => Code::$code,)+ }
            }

            /// The text for developers; the same for everyone and every time.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }
        }
    };
}

reasons! {
    /// No credential, or one that is unknown, expired, revoked or not proved.
    Unauthenticated = "UNAUTHENTICATED", Unauthenticated,
        "no valid credential was presented";
    /// Not allowed, or not there: the two look the same.
    PermissionDenied = "PERMISSION_DENIED", PermissionDenied,
        "not found, or not for this caller";
    /// One or more fields are wrong; all of them are told.
    InvalidRequest = "INVALID_REQUEST", InvalidArgument,
        "one or more fields are not valid";
    /// The message is larger than the service takes.
    RequestTooLarge = "REQUEST_TOO_LARGE", ResourceExhausted,
        "the message is too large";
    /// The request id was used before, with other content.
    RequestIdConflict = "REQUEST_ID_CONFLICT", AlreadyExists,
        "the request id was used before with other content";
    /// The state of the move or profile does not allow it.
    WrongState = "WRONG_STATE", FailedPrecondition,
        "the state does not allow this";
    /// The codes of one setting name several settings already.
    SettingCodesDisagree = "SETTING_CODES_DISAGREE", FailedPrecondition,
        "these codes belong to different settings";
    /// Bootstrap makes a council, and nothing else.
    NotACouncil = "NOT_A_COUNCIL", FailedPrecondition,
        "the first setting must be a council";
    /// A setting has closed and another one looks after what it left. It is not opened again.
    SettingHandedOver = "SETTING_HANDED_OVER", FailedPrecondition,
        "the setting has closed and another one looks after what it left; one that opens again is a \
         new setting, with a code of its own";
    /// What stands as open is handed over only by a word of its own.
    SettingOpen = "SETTING_OPEN", FailedPrecondition,
        "the register has this setting as open; import it as closed first, or say that it has closed \
         all the same (`still_open`; `--still-open` on the command line)";
    /// A caretaker has to be open, and nobody's ward.
    CaretakerNotOpen = "CARETAKER_NOT_OPEN", FailedPrecondition,
        "the caretaker has closed; name a setting that is open";
    /// A setting that is closing looks after what others left.
    CaretakerOfOthers = "CARETAKER_OF_OTHERS", FailedPrecondition,
        "this setting looks after what others left; name another caretaker for each of those first";
    /// A council is never handed over.
    CaretakerOfCouncil = "CARETAKER_OF_COUNCIL", FailedPrecondition,
        "a council has no caretaker: its code, and what may be done by it, passes to nobody";
    /// Nobody hands over the setting they act for, or hands a setting over to itself.
    CaretakerItself = "CARETAKER_ITSELF", FailedPrecondition,
        "a setting does not look after itself, and nobody hands over the one they act for";
    /// A code stands for no setting of this ledger. Import the register first.
    UnknownSetting = "UNKNOWN_SETTING", FailedPrecondition,
        "no setting has this code; import the register or add the setting first";
    /// The route does not lead to this kind of setting.
    DestinationNotOfRoute = "DESTINATION_NOT_OF_ROUTE", FailedPrecondition,
        "the route does not lead to this kind of setting";
    /// The setting cannot be a recipient of the move, or is none; all that is wrong is told.
    RecipientUnfit = "RECIPIENT_UNFIT", FailedPrecondition,
        "this setting cannot be named for this move in this way; each problem says what to do";
    /// A decision about sharing cannot be recorded as it was said; all that is wrong is told.
    DecisionUnfit = "DECISION_UNFIT", FailedPrecondition,
        "this decision cannot be recorded in this way; each problem says whose it is, and by which rule";
    /// Who is to see the record cannot be given it in this way; all that is wrong is told.
    FamilyAccessUnfit = "FAMILY_ACCESS_UNFIT", FailedPrecondition,
        "this access cannot be given in this way; each problem says who may have it, and by which rule";
    /// As many of a family see the record as may.
    TooManyFamilyAccesses = "TOO_MANY_FAMILY_ACCESSES", FailedPrecondition,
        "as many of this family have access as may; end one first";
    /// The caller has planned no move for this learner, point and year.
    NoPlannedTransition = "NO_PLANNED_TRANSITION", FailedPrecondition,
        "no move is planned for this learner, point and year; import the cohort first";
    /// The identifiers fit several moves of the caller.
    AmbiguousTransition = "AMBIGUOUS_TRANSITION", FailedPrecondition,
        "the identifiers fit more than one planned move; name the transition";
    /// More senders know a learner by this number than one answer speaks of.
    TooManyLearners = "TOO_MANY_LEARNERS", FailedPrecondition,
        "more records are known by this number than one answer speaks of; name the move";
    /// A UPN, ULN or NHS number in the profile is not one of the learner it is published for.
    AnotherLearner = "ANOTHER_LEARNER", FailedPrecondition,
        "a UPN, ULN or NHS number in the profile is not this learner's; correct the profile, or plan \
         the move with the new number first";
    /// It would lead back to an identity that was put away; all that would is told.
    FormerIdentity = "FORMER_IDENTITY", FailedPrecondition,
        "this would lead back to an identity that was put away; leave out what each problem names";
    /// It was withdrawn before.
    WithdrawnAlready = "WITHDRAWN_ALREADY", FailedPrecondition,
        "it was withdrawn before";
    /// What it was about was erased, with the request's own answer.
    Erased = "ERASED", FailedPrecondition,
        "what this is about was erased";
    /// A legal hold keeps the learner's data.
    LegalHold = "LEGAL_HOLD", FailedPrecondition,
        "a legal hold keeps this; take the hold away first";
    /// Processing of the learner's data is restricted.
    ProcessingRestricted = "PROCESSING_RESTRICTED", FailedPrecondition,
        "processing is restricted (UK GDPR Article 18); lift the restriction first";
    /// There is nothing of the kind that could be erased.
    NothingToErase = "NOTHING_TO_ERASE", FailedPrecondition,
        "there is no contribution of this setting to erase from";
    /// What was staged makes no document; everything that is wrong with it is told.
    DocumentUnfit = "DOCUMENT_UNFIT", FailedPrecondition,
        "what was staged is not the document that was announced; send what is named again";
    /// A chunk has another length than its place in the document asks for, or no place in it.
    ChunkOutOfPlace = "CHUNK_OUT_OF_PLACE", FailedPrecondition,
        "every chunk but the last has 1,048,576 bytes, and the last has what is left";
    /// The contribution has as many documents, or as many bytes of them, as it may have.
    TooManyDocuments = "TOO_MANY_DOCUMENTS", FailedPrecondition,
        "the contribution has as many documents as it may have; remove one first";
    /// As much is staged by the credential or the setting as may be.
    TooMuchStaged = "TOO_MUCH_STAGED", ResourceExhausted,
        "too much is staged; finalise or remove what was begun, or wait until it is deleted";
    /// The setting has as many subscriptions as it may have.
    TooManySubscriptions = "TOO_MANY_SUBSCRIPTIONS", FailedPrecondition,
        "the setting has as many subscriptions as it may have";
    /// The certificate proves another live credential already.
    CertificateInUse = "CERTIFICATE_IN_USE", FailedPrecondition,
        "this certificate is another credential's; revoke that one or make a new key";
    /// Nobody gives rights beyond their own.
    RoleNotGrantable = "ROLE_NOT_GRANTABLE", FailedPrecondition,
        "a role in this request is not the caller's to give";
    /// Work is handed over to vendors, which are imported as such.
    NotAVendor = "NOT_A_VENDOR", FailedPrecondition,
        "this is no vendor that is open; a vendor is imported as one, and is never anything else";
    /// A vendor acts for settings; it sends nothing, receives nothing and looks after nothing.
    VendorTakesNoPart = "VENDOR_TAKES_NO_PART", FailedPrecondition,
        "a vendor acts for settings by their delegation and takes no part of its own";
    /// What a vendor's credential may have is in a closed list.
    RoleNotOfVendor = "ROLE_NOT_OF_VENDOR", FailedPrecondition,
        "a vendor's credential has the roles of publisher, receiver lead and data manager at most";
    /// A setting lets as many vendors act for it as it may, or had as many as it may have had.
    TooManyDelegations = "TOO_MANY_DELEGATIONS", FailedPrecondition,
        "as many vendors act for this setting as may; end a delegation first";
    /// The vendor does not act for this setting, or not any more.
    NotDelegated = "NOT_DELEGATED", FailedPrecondition,
        "no delegation to this vendor stands; `baton delegations list` shows those there are";
    /// No agreement of this setting stands: it has not signed, or it was ended or is over.
    NoAgreement = "NO_AGREEMENT", FailedPrecondition,
        "no framework agreement of this setting stands; `baton agreement list` shows what there is";
    /// Sender and receiver have both signed: no reason is needed to send.
    AgreementInForce = "AGREEMENT_IN_FORCE", FailedPrecondition,
        "both have the framework agreement in force; nothing is closed for want of it";
    /// No reason stands for this receiver.
    NotSentWithoutAgreement = "NOT_SENT_WITHOUT_AGREEMENT", FailedPrecondition,
        "no reason to send without an agreement stands for this setting; there is nothing to take back";
    /// A section kind stands twice in one publish.
    SectionTwice = "SECTION_TWICE", FailedPrecondition,
        "a section kind is given twice";
    /// Kinds of class R and others stand together in what makes one contribution.
    RestrictedApart = "RESTRICTED_APART", FailedPrecondition,
        "kinds of class R make a contribution of their own; send them, and their documents, apart \
         from the others";
    /// Every kind would be taken away.
    NothingLeft = "NOTHING_LEFT", FailedPrecondition,
        "nothing would be left of the contribution; to take it back whole is WithdrawProfile's";
    /// What would stand is more than one answer carries.
    ProfileTooLarge = "PROFILE_TOO_LARGE", FailedPrecondition,
        "with the sections that stand it has more than 3 MiB; take one away or send shorter ones";
    /// A move needs an identifier that may be matched. A former pupil number is none.
    NoIdentifier = "NO_IDENTIFIER", FailedPrecondition,
        "give an identifier other than a former UPN";
    /// A setting has as many codes as it may have.
    SettingCodesNumber = "SETTING_CODES_NUMBER", FailedPrecondition,
        "the setting has as many codes as it may have";
    /// The version named is not the one that stands now.
    VersionChanged = "VERSION_CHANGED", Aborted,
        "another version stands now";
    /// Another rotation of the keys came first.
    KeysRotatedMeanwhile = "KEYS_ROTATED_MEANWHILE", Aborted,
        "the keys were rotated a moment ago; `baton keys list` shows the epochs";
    /// The configuration of the service names no folder for what was to be backed up.
    BackupNotConfigured = "BACKUP_NOT_CONFIGURED", FailedPrecondition,
        "the service's configuration names no folder for this backup (backup.folder, \
         backup.keys_folder)";
    /// One backup at a time.
    BackupRunning = "BACKUP_RUNNING", Aborted,
        "a backup is being made; wait until it is done";
    /// It could not be written, or did not hold when it was read again. Older ones are all there.
    BackupFailed = "BACKUP_FAILED", FailedPrecondition,
        "the backup could not be made and none was taken away for it; the service's log says why";
    /// Two keys sign checkpoints already, or a ledger had as many as it may have (64).
    LogKeysOverlap = "LOG_KEYS_OVERLAP", FailedPrecondition,
        "two keys sign already: wait until the overlap is over; the entry `log_key_changed` says when";
    /// The new master key did not come sealed under the one in force.
    MasterKeyWrong = "MASTER_KEY_WRONG", FailedPrecondition,
        "the new master key was sealed under another key than the one in force: give the old key the \
         service runs with";
    /// The ring could not be written. Nothing was changed.
    MasterKeyKept = "MASTER_KEY_KEPT", FailedPrecondition,
        "the key ring could not be written and the old master key still opens it; the service's log \
         says why";
    /// The policy set named is not the one in force.
    PolicySetChanged = "POLICY_SET_CHANGED", Aborted,
        "another policy set is in force than the one this was to replace; look at it, compare, and \
         ask again";
    /// The policy set is not Cedar, does not fit the schema, breaks a law or has a policy that
    /// answers nothing. Every problem is told.
    PolicySetRefused = "POLICY_SET_REFUSED", InvalidArgument,
        "the policy set cannot be put into force; `baton policy check` tells the same";
    /// No policy set of this hash ever stood.
    PolicySetUnknown = "POLICY_SET_UNKNOWN", FailedPrecondition,
        "no policy set of this hash has stood here; send its text";
    /// One check of a policy set at a time, on each node.
    PolicyCheckRunning = "POLICY_CHECK_RUNNING", Aborted,
        "another policy set is being checked; wait until that is done";
    /// The check was broken off.
    PolicyCheckTooLong = "POLICY_CHECK_TOO_LONG", FailedPrecondition,
        "the check of the policy set took longer than 25 seconds; write fewer or simpler policies";
    /// Another consumer watches or pulls this subscription now. Give each one of its own; do not
    /// come back by itself, or the two end each other without end.
    SubscriptionTakenOver = "SUBSCRIPTION_TAKEN_OVER", Aborted,
        "another consumer took this subscription over; give each consumer a subscription of its own";
    /// The token is of another ledger, or of a time before a restore.
    LedgerChanged = "LEDGER_CHANGED", OutOfRange,
        "the ledger is not the one the token was given by; start afresh";
    /// The queue in front of the ledger is full, or as many of the caller's acts or pulls wait as
    /// may. Nothing was done.
    QueueFull = "QUEUE_FULL", ResourceExhausted,
        "too much is waiting; nothing was done";
    /// The disk reserve is reached; only withdraw, redirect, revoke and erase pass, and of those so
    /// many of each credential.
    LedgerFull = "LEDGER_FULL", ResourceExhausted,
        "the ledger is full; nothing was done";
    /// The rate of the credential, setting or address is used up. Nothing was done.
    RateLimited = "RATE_LIMITED", ResourceExhausted,
        "too many calls; nothing was done";
    /// Too many refusals in a row. Nothing was done.
    RefusalsLimited = "REFUSALS_LIMITED", ResourceExhausted,
        "too many refused calls; nothing was done";
    /// Whether it was done is not known. Repeat with the same request id to learn it.
    OutcomeUnknown = "OUTCOME_UNKNOWN", Unavailable,
        "whether this was done is not known; repeat with the same request id";
    /// Starting, stopping, or without its database. Nothing was done.
    Unavailable = "UNAVAILABLE", Unavailable,
        "the service is not available; nothing was done";
    /// The node's clock and the database's differ; it writes nothing.
    ClockSkew = "CLOCK_SKEW", Unavailable,
        "the clock of this node is wrong; nothing was done";
    /// The caller's deadline passed. A mutating call may have been done all the same.
    DeadlineExceeded = "DEADLINE_EXCEEDED", DeadlineExceeded,
        "the deadline passed";
    /// The service has no such method.
    Unimplemented = "UNIMPLEMENTED", Unimplemented,
        "there is no such method";
    /// A fault of the service. The incident id finds it in the log.
    Internal = "INTERNAL", Internal,
        "a fault of the service";
}

impl Reason {
    /// The reason of that name, if this version knows it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.name() == name)
    }

    /// Whether the same call, with the same request id, may succeed when simply repeated later.
    pub const fn may_be_repeated(self) -> bool {
        matches!(
            self,
            Self::QueueFull
                | Self::LedgerFull
                | Self::RateLimited
                | Self::RefusalsLimited
                | Self::OutcomeUnknown
                | Self::Unavailable
                | Self::ClockSkew
                | Self::DeadlineExceeded
        )
    }
}
