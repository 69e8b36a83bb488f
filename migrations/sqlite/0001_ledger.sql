-- The ledger, the access rows that are a fold of it, and sealed content. What each table means
-- stands once, in crates/store/src/rows. Columns are TEXT, INTEGER and BLOB only.

CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id TEXT NOT NULL,
    term INTEGER NOT NULL,
    size INTEGER NOT NULL,
    time_us INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    checkpoint TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    epoch_check TEXT NOT NULL,
    policy TEXT NOT NULL,
    log_key INTEGER NOT NULL,
    log_key_check TEXT NOT NULL,
    log_key_before INTEGER NOT NULL,
    log_key_until_us INTEGER NOT NULL
) STRICT;

CREATE TABLE cosigned (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    checkpoint TEXT NOT NULL
) STRICT;

CREATE TABLE log_key (number INTEGER PRIMARY KEY, handover TEXT NOT NULL) STRICT;

CREATE TABLE policy_set (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE policy_change (
    position INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    credential_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    replaced TEXT NOT NULL,
    hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    told INTEGER NOT NULL
) STRICT;

CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    body BLOB,
    leaf BLOB NOT NULL
) STRICT;

CREATE TABLE tile (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE about (
    alias TEXT NOT NULL,
    position INTEGER NOT NULL,
    apart INTEGER NOT NULL,
    PRIMARY KEY (alias, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    id TEXT PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    council TEXT NOT NULL,
    town TEXT NOT NULL,
    state INTEGER NOT NULL,
    salt BLOB NOT NULL,
    caretaker_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX setting_caretaker ON setting (caretaker_id);
CREATE INDEX setting_council ON setting (council, id);

CREATE TABLE setting_code (
    code TEXT PRIMARY KEY,
    setting_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX setting_code_setting ON setting_code (setting_id);

CREATE TABLE setting_key (
    setting_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (setting_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    id TEXT PRIMARY KEY,
    setting_id TEXT NOT NULL,
    label TEXT NOT NULL,
    roles INTEGER NOT NULL,
    kinds INTEGER NOT NULL,
    learner_groups TEXT NOT NULL,
    learner_id TEXT,
    person INTEGER NOT NULL,
    left_out TEXT NOT NULL,
    assurance INTEGER NOT NULL,
    digest BLOB NOT NULL,
    starts_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    state INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_digest ON credential (digest);
CREATE INDEX credential_setting ON credential (setting_id);
CREATE INDEX credential_learner ON credential (learner_id);

CREATE TABLE delegation (
    setting_id TEXT NOT NULL,
    vendor_id TEXT NOT NULL,
    roles INTEGER NOT NULL,
    scopes INTEGER NOT NULL,
    kinds INTEGER NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (setting_id, vendor_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE agreement (
    setting_id TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    digest BLOB NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT,
    recorded INTEGER NOT NULL,
    ended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE learner (
    id TEXT PRIMARY KEY,
    alias TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    keeper_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX learner_epoch ON learner (epoch, owner_id, keeper_id);
CREATE INDEX learner_alias ON learner (alias);

CREATE TABLE learner_code (
    blind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    learner_id TEXT,
    PRIMARY KEY (blind, owner_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX learner_code_learner ON learner_code (learner_id);

CREATE TABLE transition (
    id TEXT PRIMARY KEY,
    learner_id TEXT NOT NULL,
    route TEXT NOT NULL,
    academic_year INTEGER NOT NULL,
    from_id TEXT NOT NULL,
    to_id TEXT,
    council_id TEXT,
    plan_council_id TEXT,
    offer_date TEXT,
    accepted INTEGER NOT NULL,
    start_date TEXT,
    facts INTEGER NOT NULL,
    learner_group TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX transition_learner ON transition (learner_id);
CREATE INDEX transition_from ON transition (from_id, id);
CREATE INDEX transition_to ON transition (to_id, id);
CREATE INDEX transition_council ON transition (council_id, id);
CREATE INDEX transition_plan_council ON transition (plan_council_id, id)
    WHERE plan_council_id IS NOT NULL;

CREATE TABLE recipient (
    transition_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    relation INTEGER NOT NULL,
    kinds INTEGER NOT NULL,
    first_day TEXT,
    last_day TEXT,
    purpose INTEGER NOT NULL,
    note_released INTEGER NOT NULL,
    apart INTEGER NOT NULL,
    PRIMARY KEY (transition_id, setting_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_setting ON recipient (setting_id, transition_id);
-- Those with a last day: looked for whenever the date changes.
CREATE INDEX recipient_last_day ON recipient (last_day) WHERE last_day IS NOT NULL;

-- What people decided about sharing a move, in the order it was recorded.
CREATE TABLE sharing (
    transition_id TEXT PRIMARY KEY,
    decisions TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Why a move goes to a setting though one of the two has not signed.
CREATE TABLE sent_without (
    transition_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    reason INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    apart_reason INTEGER NOT NULL,
    apart_ended INTEGER NOT NULL,
    PRIMARY KEY (transition_id, setting_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile (
    id TEXT PRIMARY KEY,
    transition_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    apart INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state INTEGER NOT NULL,
    level INTEGER NOT NULL,
    kinds INTEGER NOT NULL,
    content_id TEXT NOT NULL,
    sections TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    position INTEGER NOT NULL,
    published_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_transition ON profile (transition_id);

CREATE TABLE version (
    profile_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    content_id TEXT NOT NULL,
    level INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    position INTEGER NOT NULL,
    published_us INTEGER NOT NULL,
    PRIMARY KEY (profile_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE content (
    content_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    owner_id TEXT NOT NULL,
    keeper_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (content_id, kind)
) STRICT;
CREATE INDEX content_epoch ON content (epoch, owner_id, keeper_id);

CREATE TABLE document (
    id TEXT PRIMARY KEY,
    profile_id TEXT NOT NULL,
    content_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    media INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    digest BLOB NOT NULL,
    position INTEGER NOT NULL,
    added_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX document_profile ON document (profile_id);
-- Taken back under a legal hold: few, and looked for whenever anything changed.
CREATE INDEX document_taken_back ON document (id) WHERE state = 5;

CREATE TABLE chunk (
    content_id TEXT NOT NULL,
    idx INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (content_id, idx)
) STRICT;

CREATE TABLE staged (
    id TEXT PRIMARY KEY,
    profile_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    content_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    media INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    received BLOB NOT NULL,
    begun_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX staged_profile ON staged (profile_id);
CREATE INDEX staged_setting ON staged (setting_id);
CREATE INDEX staged_begun ON staged (begun_us);

CREATE TABLE released (
    profile_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    peers INTEGER NOT NULL,
    short INTEGER NOT NULL,
    PRIMARY KEY (profile_id, setting_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE friend (
    profile_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    version INTEGER NOT NULL,
    learner_id TEXT NOT NULL,
    PRIMARY KEY (profile_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX friend_learner ON friend (learner_id);

CREATE TABLE receipt (
    profile_id TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (profile_id, setting_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
    addressee TEXT NOT NULL,
    position INTEGER NOT NULL,
    item INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    apart INTEGER NOT NULL,
    profile_id TEXT NOT NULL,
    transition_id TEXT NOT NULL,
    point INTEGER NOT NULL,
    academic_year INTEGER NOT NULL,
    PRIMARY KEY (addressee, position, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
    id TEXT PRIMARY KEY,
    setting_id TEXT NOT NULL,
    name TEXT NOT NULL,
    point INTEGER NOT NULL,
    academic_year INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX subscription_name ON subscription (setting_id, name);

CREATE TABLE lease (
    subscription_id TEXT PRIMARY KEY,
    watch_id TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    key TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    position INTEGER NOT NULL,
    time_us INTEGER NOT NULL,
    roles INTEGER NOT NULL,
    kinds INTEGER NOT NULL,
    learner_groups TEXT NOT NULL,
    vendor_id TEXT,
    mandate INTEGER NOT NULL,
    assurance INTEGER NOT NULL,
    answer TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX request_time ON request (time_us);
CREATE INDEX request_position ON request (position);

CREATE TABLE erased (
    id TEXT PRIMARY KEY,
    term INTEGER NOT NULL,
    position INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_scrubbed ON erased (scrubbed);
