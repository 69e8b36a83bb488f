-- The ledger, the access rows that are a fold of it, and sealed content. What each table means
-- stands once, in crates/store/src/rows. Columns are TEXT (in byte order), BIGINT and BYTEA only.

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    ledger_id TEXT COLLATE "C" NOT NULL,
    term BIGINT NOT NULL,
    size BIGINT NOT NULL,
    time_us BIGINT NOT NULL,
    frontier BYTEA NOT NULL,
    checkpoint TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    epoch_check TEXT COLLATE "C" NOT NULL,
    policy TEXT COLLATE "C" NOT NULL,
    log_key BIGINT NOT NULL,
    log_key_check TEXT COLLATE "C" NOT NULL,
    log_key_before BIGINT NOT NULL,
    log_key_until_us BIGINT NOT NULL
);

CREATE TABLE cosigned (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    checkpoint TEXT COLLATE "C" NOT NULL
);

CREATE TABLE log_key (number BIGINT PRIMARY KEY, handover TEXT COLLATE "C" NOT NULL);

CREATE TABLE policy_set (hash TEXT COLLATE "C" PRIMARY KEY, body TEXT COLLATE "C" NOT NULL);

CREATE TABLE policy_change (
    position BIGINT PRIMARY KEY,
    time_us BIGINT NOT NULL,
    credential_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    replaced TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    told BIGINT NOT NULL
);

CREATE TABLE entry (
    position BIGINT PRIMARY KEY,
    body BYTEA,
    leaf BYTEA NOT NULL
);

CREATE TABLE tile (
    level BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (level, idx)
);

CREATE TABLE about (
    alias TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    apart BIGINT NOT NULL,
    PRIMARY KEY (alias, position)
);

CREATE TABLE setting (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    council TEXT COLLATE "C" NOT NULL,
    town TEXT COLLATE "C" NOT NULL,
    state BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    caretaker_id TEXT COLLATE "C"
);
CREATE INDEX setting_caretaker ON setting (caretaker_id);
CREATE INDEX setting_council ON setting (council, id);

CREATE TABLE setting_code (
    code TEXT COLLATE "C" PRIMARY KEY,
    setting_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX setting_code_setting ON setting_code (setting_id);

CREATE TABLE setting_key (
    setting_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (setting_id, epoch)
);

CREATE TABLE credential (
    id TEXT COLLATE "C" PRIMARY KEY,
    setting_id TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    roles BIGINT NOT NULL,
    kinds BIGINT NOT NULL,
    learner_groups TEXT COLLATE "C" NOT NULL,
    learner_id TEXT COLLATE "C",
    person BIGINT NOT NULL,
    left_out TEXT COLLATE "C" NOT NULL,
    assurance BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    starts_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    state BIGINT NOT NULL
);
CREATE INDEX credential_digest ON credential (digest);
CREATE INDEX credential_setting ON credential (setting_id);
CREATE INDEX credential_learner ON credential (learner_id);

CREATE TABLE delegation (
    setting_id TEXT COLLATE "C" NOT NULL,
    vendor_id TEXT COLLATE "C" NOT NULL,
    roles BIGINT NOT NULL,
    scopes BIGINT NOT NULL,
    kinds BIGINT NOT NULL,
    first_day TEXT COLLATE "C" NOT NULL,
    last_day TEXT COLLATE "C" NOT NULL,
    ended BIGINT NOT NULL,
    PRIMARY KEY (setting_id, vendor_id)
);

CREATE TABLE agreement (
    setting_id TEXT COLLATE "C" PRIMARY KEY,
    version TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    first_day TEXT COLLATE "C" NOT NULL,
    last_day TEXT COLLATE "C",
    recorded BIGINT NOT NULL,
    ended BIGINT NOT NULL
);

CREATE TABLE learner (
    id TEXT COLLATE "C" PRIMARY KEY,
    alias TEXT COLLATE "C" NOT NULL,
    owner_id TEXT COLLATE "C" NOT NULL,
    keeper_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX learner_epoch ON learner (epoch, owner_id, keeper_id);
CREATE INDEX learner_alias ON learner (alias);

CREATE TABLE learner_code (
    blind TEXT COLLATE "C" NOT NULL,
    owner_id TEXT COLLATE "C" NOT NULL,
    learner_id TEXT COLLATE "C",
    PRIMARY KEY (blind, owner_id)
);
CREATE INDEX learner_code_learner ON learner_code (learner_id);

CREATE TABLE transition (
    id TEXT COLLATE "C" PRIMARY KEY,
    learner_id TEXT COLLATE "C" NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    academic_year BIGINT NOT NULL,
    from_id TEXT COLLATE "C" NOT NULL,
    to_id TEXT COLLATE "C",
    council_id TEXT COLLATE "C",
    plan_council_id TEXT COLLATE "C",
    offer_date TEXT COLLATE "C",
    accepted BIGINT NOT NULL,
    start_date TEXT COLLATE "C",
    facts BIGINT NOT NULL,
    learner_group TEXT COLLATE "C"
);
CREATE INDEX transition_learner ON transition (learner_id);
CREATE INDEX transition_from ON transition (from_id, id);
CREATE INDEX transition_to ON transition (to_id, id);
CREATE INDEX transition_council ON transition (council_id, id);
CREATE INDEX transition_plan_council ON transition (plan_council_id, id)
    WHERE plan_council_id IS NOT NULL;

CREATE TABLE recipient (
    transition_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    relation BIGINT NOT NULL,
    kinds BIGINT NOT NULL,
    first_day TEXT COLLATE "C",
    last_day TEXT COLLATE "C",
    purpose BIGINT NOT NULL,
    note_released BIGINT NOT NULL,
    apart BIGINT NOT NULL,
    PRIMARY KEY (transition_id, setting_id)
);
CREATE INDEX recipient_setting ON recipient (setting_id, transition_id);
-- Those with a last day: looked for whenever the date changes.
CREATE INDEX recipient_last_day ON recipient (last_day) WHERE last_day IS NOT NULL;

-- What people decided about sharing a move, in the order it was recorded.
CREATE TABLE sharing (
    transition_id TEXT COLLATE "C" PRIMARY KEY,
    decisions TEXT COLLATE "C" NOT NULL
);

-- Why a move goes to a setting though one of the two has not signed.
CREATE TABLE sent_without (
    transition_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    reason BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    apart_reason BIGINT NOT NULL,
    apart_ended BIGINT NOT NULL,
    PRIMARY KEY (transition_id, setting_id)
);

CREATE TABLE profile (
    id TEXT COLLATE "C" PRIMARY KEY,
    transition_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    apart BIGINT NOT NULL,
    version BIGINT NOT NULL,
    state BIGINT NOT NULL,
    level BIGINT NOT NULL,
    kinds BIGINT NOT NULL,
    content_id TEXT COLLATE "C" NOT NULL,
    sections TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    position BIGINT NOT NULL,
    published_us BIGINT NOT NULL
);
CREATE INDEX profile_transition ON profile (transition_id);

CREATE TABLE version (
    profile_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    content_id TEXT COLLATE "C" NOT NULL,
    level BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    position BIGINT NOT NULL,
    published_us BIGINT NOT NULL,
    PRIMARY KEY (profile_id, version)
);

CREATE TABLE content (
    content_id TEXT COLLATE "C" NOT NULL,
    kind BIGINT NOT NULL,
    owner_id TEXT COLLATE "C" NOT NULL,
    keeper_id TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (content_id, kind)
);
CREATE INDEX content_epoch ON content (epoch, owner_id, keeper_id);

CREATE TABLE document (
    id TEXT COLLATE "C" PRIMARY KEY,
    profile_id TEXT COLLATE "C" NOT NULL,
    content_id TEXT COLLATE "C" NOT NULL,
    kind BIGINT NOT NULL,
    state BIGINT NOT NULL,
    media BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    position BIGINT NOT NULL,
    added_us BIGINT NOT NULL
);
CREATE INDEX document_profile ON document (profile_id);
-- Taken back under a legal hold: few, and looked for whenever anything changed.
CREATE INDEX document_taken_back ON document (id) WHERE state = 5;

CREATE TABLE chunk (
    content_id TEXT COLLATE "C" NOT NULL,
    idx BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (content_id, idx)
);

CREATE TABLE staged (
    id TEXT COLLATE "C" PRIMARY KEY,
    profile_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    credential_id TEXT COLLATE "C" NOT NULL,
    content_id TEXT COLLATE "C" NOT NULL,
    kind BIGINT NOT NULL,
    media BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    received BYTEA NOT NULL,
    begun_us BIGINT NOT NULL
);
CREATE INDEX staged_profile ON staged (profile_id);
CREATE INDEX staged_setting ON staged (setting_id);
CREATE INDEX staged_begun ON staged (begun_us);

CREATE TABLE released (
    profile_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    peers BIGINT NOT NULL,
    short BIGINT NOT NULL,
    PRIMARY KEY (profile_id, setting_id)
);

CREATE TABLE friend (
    profile_id TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    version BIGINT NOT NULL,
    learner_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (profile_id, place)
);
CREATE INDEX friend_learner ON friend (learner_id);

CREATE TABLE receipt (
    profile_id TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    state BIGINT NOT NULL,
    reason BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (profile_id, setting_id)
);

CREATE TABLE feed (
    addressee TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    item BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    apart BIGINT NOT NULL,
    profile_id TEXT COLLATE "C" NOT NULL,
    transition_id TEXT COLLATE "C" NOT NULL,
    point BIGINT NOT NULL,
    academic_year BIGINT NOT NULL,
    PRIMARY KEY (addressee, position, item)
);

CREATE TABLE subscription (
    id TEXT COLLATE "C" PRIMARY KEY,
    setting_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    point BIGINT NOT NULL,
    academic_year BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscription_name ON subscription (setting_id, name);

CREATE TABLE lease (
    subscription_id TEXT COLLATE "C" PRIMARY KEY,
    watch_id TEXT COLLATE "C"
);

CREATE TABLE request (
    key TEXT COLLATE "C" PRIMARY KEY,
    digest BYTEA NOT NULL,
    position BIGINT NOT NULL,
    time_us BIGINT NOT NULL,
    roles BIGINT NOT NULL,
    kinds BIGINT NOT NULL,
    learner_groups TEXT COLLATE "C" NOT NULL,
    vendor_id TEXT COLLATE "C",
    mandate BIGINT NOT NULL,
    assurance BIGINT NOT NULL,
    answer TEXT COLLATE "C" NOT NULL
);
CREATE INDEX request_time ON request (time_us);
CREATE INDEX request_position ON request (position);

CREATE TABLE erased (
    id TEXT COLLATE "C" PRIMARY KEY,
    term BIGINT NOT NULL,
    position BIGINT NOT NULL,
    scrubbed BIGINT NOT NULL
);
CREATE INDEX erased_scrubbed ON erased (scrubbed);

-- What the planner samples of a column lies in its own tables until the next ANALYZE: nothing that
-- can be erased may be sampled.
ALTER TABLE content ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE content ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE learner ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE learner ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE learner_code ALTER COLUMN blind SET STATISTICS 0;
ALTER TABLE profile ALTER COLUMN sections SET STATISTICS 0;
ALTER TABLE document ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE document ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE staged ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE staged ALTER COLUMN received SET STATISTICS 0;
ALTER TABLE chunk ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE setting_key ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE request ALTER COLUMN answer SET STATISTICS 0;
ALTER TABLE sharing ALTER COLUMN decisions SET STATISTICS 0;
ALTER TABLE transition ALTER COLUMN learner_group SET STATISTICS 0;
ALTER TABLE credential ALTER COLUMN label SET STATISTICS 0;
ALTER TABLE credential ALTER COLUMN left_out SET STATISTICS 0;
