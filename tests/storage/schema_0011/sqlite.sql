CREATE TABLE address (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	contributor_id INTEGER NOT NULL,
	channel VARCHAR NOT NULL,
	lookup BLOB NOT NULL,
	sealed BLOB NOT NULL,
	state VARCHAR NOT NULL,
	changed_at BIGINT NOT NULL, heard_at BIGINT, closed_at BIGINT, closed_why VARCHAR DEFAULT '' NOT NULL, former_lookup BLOB,
	CONSTRAINT fk_address_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT uq_address_channel_lookup UNIQUE (channel, lookup)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0011');
CREATE TABLE answer (
	story_id INTEGER NOT NULL,
	step VARCHAR NOT NULL,
	value TEXT NOT NULL,
	note TEXT NOT NULL,
	CONSTRAINT pk_answer PRIMARY KEY (story_id, step),
	CONSTRAINT fk_answer_story_id_story FOREIGN KEY(story_id) REFERENCES story (id)
);
CREATE TABLE api_token (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	token_hash VARCHAR NOT NULL,
	member_id INTEGER NOT NULL,
	created_at BIGINT NOT NULL,
	revoked_at BIGINT,
	CONSTRAINT fk_api_token_member_id_team_member FOREIGN KEY(member_id) REFERENCES team_member (id),
	CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash)
);
CREATE TABLE ask_back (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind VARCHAR NOT NULL,
	contributor_id INTEGER NOT NULL,
	story_id INTEGER,
	edition_id INTEGER,
	state VARCHAR NOT NULL,
	wanted_at BIGINT NOT NULL,
	due_at BIGINT,
	asked_at BIGINT,
	until BIGINT,
	answered_at BIGINT,
	answer VARCHAR NOT NULL,
	CONSTRAINT fk_ask_back_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT fk_ask_back_edition_id_edition FOREIGN KEY(edition_id) REFERENCES edition (id),
	CONSTRAINT fk_ask_back_story_id_story FOREIGN KEY(story_id) REFERENCES story (id)
);
CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at BIGINT NOT NULL,
	who VARCHAR NOT NULL,
	act VARCHAR NOT NULL,
	object_kind VARCHAR NOT NULL,
	object_id VARCHAR NOT NULL,
	detail TEXT NOT NULL
);
CREATE TABLE consent_text (
	digest VARCHAR NOT NULL,
	text TEXT NOT NULL,
	language VARCHAR NOT NULL,
	CONSTRAINT pk_consent_text PRIMARY KEY (digest)
);
CREATE TABLE contributor (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	pseudonym VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	created_at BIGINT NOT NULL,
	heard_at BIGINT NOT NULL,
	opted_out BOOLEAN NOT NULL,
	opted_out_at BIGINT,
	simulated BOOLEAN NOT NULL,
	source VARCHAR NOT NULL,
	erased_at BIGINT, signposted_at BIGINT, leaving_warned_at BIGINT,
	CONSTRAINT uq_contributor_pseudonym UNIQUE (pseudonym)
);
CREATE TABLE conversation (
	id VARCHAR NOT NULL,
	contributor_id INTEGER NOT NULL,
	address_id INTEGER NOT NULL,
	flow VARCHAR NOT NULL,
	structure VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	step VARCHAR,
	state TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	due_kind VARCHAR,
	due_at BIGINT,
	CONSTRAINT pk_conversation PRIMARY KEY (id),
	CONSTRAINT fk_conversation_address_id_address FOREIGN KEY(address_id) REFERENCES address (id),
	CONSTRAINT fk_conversation_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id)
);
CREATE TABLE decision (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	contributor_id INTEGER,
	conversation_id VARCHAR NOT NULL,
	story_id INTEGER,
	purpose VARCHAR NOT NULL,
	answer VARCHAR NOT NULL,
	literal TEXT NOT NULL,
	text_digest VARCHAR NOT NULL,
	step VARCHAR NOT NULL,
	flow VARCHAR NOT NULL,
	structure VARCHAR NOT NULL,
	whole VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	decided_at BIGINT NOT NULL, text_version INTEGER DEFAULT '1' NOT NULL, valid_until BIGINT, notice_digest VARCHAR, assisted_by INTEGER, assisted_where VARCHAR DEFAULT '' NOT NULL, read_aloud BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT fk_decision_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT fk_decision_text_digest_consent_text FOREIGN KEY(text_digest) REFERENCES consent_text (digest)
);
CREATE TABLE delivery_event (
	channel VARCHAR NOT NULL,
	provider_id VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	error VARCHAR,
	at BIGINT NOT NULL,
	CONSTRAINT pk_delivery_event PRIMARY KEY (channel, provider_id, status)
);
CREATE TABLE edition (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	story_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	of_version INTEGER NOT NULL,
	text TEXT NOT NULL,
	reason TEXT NOT NULL,
	author VARCHAR NOT NULL,
	made_at BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	answered_at BIGINT,
	decision_id INTEGER,
	CONSTRAINT fk_edition_story_id_story FOREIGN KEY(story_id) REFERENCES story (id),
	CONSTRAINT uq_edition_story_id_position UNIQUE (story_id, position)
);
CREATE TABLE erasure (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind VARCHAR NOT NULL,
	token VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	scrubbed_at BIGINT
);
CREATE TABLE export_run (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at BIGINT NOT NULL,
	who VARCHAR NOT NULL,
	format VARCHAR NOT NULL,
	use VARCHAR NOT NULL,
	filters TEXT NOT NULL,
	stories INTEGER NOT NULL
);
CREATE TABLE export_story (
	export_id INTEGER NOT NULL,
	story_id INTEGER NOT NULL,
	CONSTRAINT pk_export_story PRIMARY KEY (export_id, story_id),
	CONSTRAINT fk_export_story_export_id_export_run FOREIGN KEY(export_id) REFERENCES export_run (id)
);
CREATE TABLE holder_code (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	contributor_id INTEGER NOT NULL,
	lookup BLOB NOT NULL,
	made_at BIGINT NOT NULL,
	tries INTEGER NOT NULL,
	used_at BIGINT,
	CONSTRAINT fk_holder_code_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id)
);
CREATE TABLE inbound (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	channel VARCHAR NOT NULL,
	provider_id VARCHAR NOT NULL,
	contributor_id INTEGER,
	received_at BIGINT NOT NULL,
	sealed BLOB,
	state VARCHAR NOT NULL,
	error VARCHAR,
	attempts INTEGER NOT NULL,
	CONSTRAINT fk_inbound_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT uq_inbound_channel_provider_id UNIQUE (channel, provider_id)
);
CREATE TABLE installation (
	id INTEGER NOT NULL,
	clock_at BIGINT,
	key_print BLOB,
	backed_up_at BIGINT,
	restored_at BIGINT,
	listed_decision INTEGER DEFAULT '0' NOT NULL,
	CONSTRAINT pk_installation PRIMARY KEY (id)
);
INSERT INTO "installation" VALUES(1,NULL,NULL,NULL,NULL,0);
CREATE TABLE notice (
	digest VARCHAR NOT NULL,
	body TEXT NOT NULL,
	CONSTRAINT pk_notice PRIMARY KEY (digest)
);
CREATE TABLE on_call (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	member_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	address_id INTEGER,
	code_hash VARCHAR,
	code_until BIGINT,
	linked_at BIGINT,
	missed_at BIGINT,
	CONSTRAINT fk_on_call_address_id_address FOREIGN KEY(address_id) REFERENCES address (id),
	CONSTRAINT fk_on_call_member_id_team_member FOREIGN KEY(member_id) REFERENCES team_member (id),
	CONSTRAINT uq_on_call_code_hash UNIQUE (code_hash)
);
CREATE TABLE outbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	address_id INTEGER NOT NULL,
	contributor_id INTEGER NOT NULL,
	conversation_id VARCHAR,
	inbound_id INTEGER,
	channel VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	payload TEXT,
	due_at BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	attempts INTEGER NOT NULL,
	lease_until BIGINT,
	provider_id VARCHAR,
	error VARCHAR,
	segments INTEGER,
	created_at BIGINT NOT NULL,
	sent_at BIGINT, serial INTEGER, private BOOLEAN DEFAULT 0 NOT NULL, handed_at BIGINT, owner VARCHAR, beside BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT fk_outbox_address_id_address FOREIGN KEY(address_id) REFERENCES address (id),
	CONSTRAINT fk_outbox_inbound_id_inbound FOREIGN KEY(inbound_id) REFERENCES inbound (id)
);
CREATE TABLE place (
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	aliases TEXT NOT NULL,
	kind VARCHAR NOT NULL,
	parent VARCHAR NOT NULL,
	scheme VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	latitude FLOAT,
	longitude FLOAT,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_place PRIMARY KEY (id)
);
CREATE TABLE process (
	id VARCHAR NOT NULL,
	beat INTEGER NOT NULL,
	share INTEGER NOT NULL,
	seen_at BIGINT NOT NULL,
	CONSTRAINT pk_process PRIMARY KEY (id)
);
CREATE TABLE receipt_guess (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	lookup BLOB NOT NULL,
	at BIGINT NOT NULL
);
CREATE TABLE release (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	flow VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	structure VARCHAR NOT NULL,
	whole VARCHAR NOT NULL,
	body TEXT NOT NULL,
	published_at BIGINT NOT NULL,
	CONSTRAINT uq_release_whole UNIQUE (whole)
);
CREATE TABLE request (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	contributor_id INTEGER,
	sealed BLOB,
	opened_at BIGINT NOT NULL,
	target_at BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	acknowledged_at BIGINT,
	closed_at BIGINT,
	closed_by INTEGER,
	outcome VARCHAR NOT NULL, link_opened_at BIGINT,
	CONSTRAINT fk_request_closed_by_team_member FOREIGN KEY(closed_by) REFERENCES team_member (id),
	CONSTRAINT fk_request_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id)
);
CREATE TABLE safeguarding (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	contributor_id INTEGER,
	conversation_id VARCHAR,
	story_id INTEGER,
	inbound_id INTEGER,
	origin VARCHAR NOT NULL,
	raised_at BIGINT NOT NULL,
	last_at BIGINT NOT NULL,
	repeats INTEGER NOT NULL,
	look_by BIGINT NOT NULL,
	next_alert_at BIGINT,
	alerts INTEGER NOT NULL,
	taken_at BIGINT,
	taken_by INTEGER,
	closed_at BIGINT,
	closed_by INTEGER,
	outcome VARCHAR NOT NULL,
	version INTEGER NOT NULL, level VARCHAR DEFAULT 'plain' NOT NULL,
	CONSTRAINT fk_safeguarding_closed_by_team_member FOREIGN KEY(closed_by) REFERENCES team_member (id),
	CONSTRAINT fk_safeguarding_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT fk_safeguarding_inbound_id_inbound FOREIGN KEY(inbound_id) REFERENCES inbound (id),
	CONSTRAINT fk_safeguarding_taken_by_team_member FOREIGN KEY(taken_by) REFERENCES team_member (id)
);
CREATE TABLE sealed_message (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	conversation_id VARCHAR NOT NULL,
	contributor_id INTEGER NOT NULL,
	ref VARCHAR NOT NULL,
	sealed BLOB NOT NULL,
	received_at BIGINT NOT NULL,
	CONSTRAINT fk_sealed_message_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT fk_sealed_message_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id)
);
CREATE TABLE sign_in_link (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	token_hash VARCHAR NOT NULL,
	member_id INTEGER,
	role VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at BIGINT,
	CONSTRAINT fk_sign_in_link_member_id_team_member FOREIGN KEY(member_id) REFERENCES team_member (id),
	CONSTRAINT uq_sign_in_link_token_hash UNIQUE (token_hash)
);
CREATE TABLE story (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	conversation_id VARCHAR NOT NULL,
	contributor_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	flow VARCHAR NOT NULL,
	structure VARCHAR NOT NULL,
	text TEXT NOT NULL,
	language VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	told_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	decided_by INTEGER,
	decided_at BIGINT,
	reason TEXT NOT NULL,
	use VARCHAR NOT NULL,
	simulated BOOLEAN NOT NULL,
	receipt_lookup BLOB,
	place_id VARCHAR,
	place_label VARCHAR NOT NULL,
	place_words TEXT NOT NULL,
	place_kind VARCHAR NOT NULL,
	place_scheme VARCHAR NOT NULL,
	place_code VARCHAR NOT NULL,
	place_year VARCHAR NOT NULL,
	place_nation VARCHAR NOT NULL,
	place_parent VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	withdrawn_at BIGINT, use_until BIGINT, kept_until BIGINT, naming VARCHAR DEFAULT 'none' NOT NULL, credit VARCHAR DEFAULT '' NOT NULL, progress VARCHAR DEFAULT 'heard' NOT NULL, progress_at BIGINT, words_version INTEGER DEFAULT '1' NOT NULL,
	CONSTRAINT fk_story_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT fk_story_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id),
	CONSTRAINT fk_story_decided_by_team_member FOREIGN KEY(decided_by) REFERENCES team_member (id),
	CONSTRAINT uq_story_conversation_id UNIQUE (conversation_id)
);
CREATE TABLE story_part (
	story_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	ref VARCHAR NOT NULL,
	text TEXT NOT NULL,
	kind VARCHAR NOT NULL,
	received_at BIGINT NOT NULL,
	CONSTRAINT pk_story_part PRIMARY KEY (story_id, position),
	CONSTRAINT fk_story_part_story_id_story FOREIGN KEY(story_id) REFERENCES story (id)
);
CREATE TABLE stray (
	channel VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	count INTEGER NOT NULL,
	CONSTRAINT pk_stray PRIMARY KEY (channel, kind)
);
CREATE TABLE suppression (
	channel VARCHAR NOT NULL,
	lookup BLOB NOT NULL,
	opted_out BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_suppression PRIMARY KEY (channel, lookup)
);
CREATE TABLE tag (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	story_id INTEGER NOT NULL,
	dimension VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	confidence FLOAT,
	confirmed_by INTEGER,
	confirmed_at BIGINT,
	created_at BIGINT NOT NULL,
	removed_at BIGINT,
	CONSTRAINT fk_tag_confirmed_by_team_member FOREIGN KEY(confirmed_by) REFERENCES team_member (id),
	CONSTRAINT fk_tag_story_id_story FOREIGN KEY(story_id) REFERENCES story (id)
);
CREATE TABLE team_item (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind VARCHAR NOT NULL,
	contributor_id INTEGER,
	conversation_id VARCHAR,
	story_id INTEGER,
	inbound_id INTEGER,
	raised_at BIGINT NOT NULL,
	closed_at BIGINT,
	closed_by INTEGER, note VARCHAR DEFAULT '' NOT NULL,
	CONSTRAINT fk_team_item_closed_by_team_member FOREIGN KEY(closed_by) REFERENCES team_member (id),
	CONSTRAINT fk_team_item_contributor_id_contributor FOREIGN KEY(contributor_id) REFERENCES contributor (id),
	CONSTRAINT fk_team_item_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id),
	CONSTRAINT fk_team_item_inbound_id_inbound FOREIGN KEY(inbound_id) REFERENCES inbound (id),
	CONSTRAINT fk_team_item_story_id_story FOREIGN KEY(story_id) REFERENCES story (id)
);
CREATE TABLE team_member (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	email VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	password_hash VARCHAR,
	active BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT uq_team_member_email UNIQUE (email)
);
CREATE TABLE team_session (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	token_hash VARCHAR NOT NULL,
	member_id INTEGER NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT fk_team_session_member_id_team_member FOREIGN KEY(member_id) REFERENCES team_member (id),
	CONSTRAINT uq_team_session_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_object ON audit (object_kind, object_id);
CREATE INDEX ix_delivery_event_at ON delivery_event (at);
CREATE INDEX ix_export_run_at ON export_run (at);
CREATE INDEX ix_release_flow_structure ON release (flow, structure, id);
CREATE INDEX ix_api_token_member_id ON api_token (member_id);
CREATE INDEX ix_export_story_story_id ON export_story (story_id);
CREATE INDEX ix_sign_in_link_expires_at ON sign_in_link (expires_at);
CREATE INDEX ix_sign_in_link_member_id ON sign_in_link (member_id);
CREATE INDEX ix_team_session_expires_at ON team_session (expires_at);
CREATE INDEX ix_team_session_member_id ON team_session (member_id);
CREATE INDEX ix_contributor_erased_at ON contributor (erased_at);
CREATE INDEX ix_address_contributor_id ON address (contributor_id);
CREATE INDEX ix_decision_contributor_id ON decision (contributor_id);
CREATE INDEX ix_decision_conversation_id ON decision (conversation_id);
CREATE INDEX ix_decision_story_id ON decision (story_id);
CREATE INDEX ix_inbound_contributor_id ON inbound (contributor_id);
CREATE INDEX ix_inbound_failed ON inbound (id) WHERE state IN ('failed', 'stored');
CREATE INDEX ix_inbound_received_at ON inbound (received_at);
CREATE INDEX ix_conversation_address_id ON conversation (address_id);
CREATE INDEX ix_conversation_contributor_started ON conversation (contributor_id, started_at);
CREATE INDEX ix_conversation_due ON conversation (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX uq_conversation_open ON conversation (contributor_id) WHERE status = 'open';
CREATE INDEX ix_outbox_address_id ON outbox (address_id);
CREATE INDEX ix_outbox_due ON outbox (channel, due_at, id) WHERE state = 'queued';
CREATE INDEX ix_outbox_inbound_id ON outbox (inbound_id);
CREATE INDEX ix_outbox_provider ON outbox (provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX ix_outbox_unknown ON outbox (id) WHERE state = 'unknown';
CREATE INDEX ix_outbox_waiting ON outbox (address_id, id) WHERE state IN ('queued', 'sending');
CREATE INDEX ix_sealed_message_contributor_id ON sealed_message (contributor_id);
CREATE INDEX ix_sealed_message_conversation_id ON sealed_message (conversation_id);
CREATE INDEX ix_sealed_message_received_at ON sealed_message (received_at);
CREATE INDEX ix_story_contributor_id ON story (contributor_id);
CREATE INDEX ix_story_decided_by ON story (decided_by);
CREATE INDEX ix_story_newest ON story (simulated, told_at, id);
CREATE INDEX ix_story_place ON story (place_id, told_at);
CREATE INDEX ix_story_queue ON story (state, simulated, told_at, id);
CREATE INDEX ix_story_receipt_lookup ON story (receipt_lookup);
CREATE INDEX ix_tag_confirmed_by ON tag (confirmed_by);
CREATE INDEX ix_tag_dimension_value ON tag (dimension, value, story_id);
CREATE INDEX ix_tag_story_id ON tag (story_id);
CREATE INDEX ix_team_item_closed_by ON team_item (closed_by);
CREATE INDEX ix_team_item_contributor_id ON team_item (contributor_id);
CREATE INDEX ix_team_item_conversation_id ON team_item (conversation_id);
CREATE INDEX ix_team_item_inbound_id ON team_item (inbound_id);
CREATE INDEX ix_team_item_open ON team_item (kind, raised_at) WHERE closed_at IS NULL;
CREATE INDEX ix_team_item_story_id ON team_item (story_id);
CREATE INDEX ix_request_closed_by ON request (closed_by);
CREATE INDEX ix_request_contributor_id ON request (contributor_id);
CREATE INDEX ix_request_open ON request (due_at) WHERE closed_at IS NULL;
CREATE INDEX ix_on_call_address_id ON on_call (address_id);
CREATE INDEX ix_on_call_member_id ON on_call (member_id);
CREATE INDEX ix_safeguarding_closed_by ON safeguarding (closed_by);
CREATE INDEX ix_safeguarding_inbound_id ON safeguarding (inbound_id);
CREATE UNIQUE INDEX ix_safeguarding_open ON safeguarding (contributor_id) WHERE closed_at IS NULL;
CREATE INDEX ix_safeguarding_story_id ON safeguarding (story_id);
CREATE INDEX ix_safeguarding_taken_by ON safeguarding (taken_by);
CREATE INDEX ix_edition_story_id ON edition (story_id);
CREATE INDEX ix_ask_back_contributor_id ON ask_back (contributor_id);
CREATE INDEX ix_ask_back_due ON ask_back (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_ask_back_edition_id ON ask_back (edition_id);
CREATE INDEX ix_ask_back_story_id ON ask_back (story_id);
CREATE INDEX ix_erasure_fresh ON erasure (id) WHERE scrubbed_at IS NULL;
CREATE INDEX ix_story_kept_until ON story (kept_until);
CREATE INDEX ix_story_use_until ON story (use_until);
CREATE INDEX ix_outbox_asked ON outbox (conversation_id, serial) WHERE serial IS NOT NULL;
CREATE INDEX ix_address_former_lookup ON address (former_lookup);
CREATE INDEX ix_outbox_answers ON outbox (channel, due_at, id) WHERE state = 'queued' AND kind IN ('reply', 'unsay', 'care', 'alert');
CREATE INDEX ix_holder_code_contributor_id ON holder_code (contributor_id);
CREATE INDEX ix_holder_code_made_at ON holder_code (made_at);
CREATE INDEX ix_receipt_guess_at ON receipt_guess (at);
CREATE INDEX ix_receipt_guess_lookup ON receipt_guess (lookup);
