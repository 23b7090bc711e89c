CREATE TABLE public.address (
    id integer NOT NULL,
    contributor_id integer NOT NULL,
    channel character varying NOT NULL,
    lookup bytea NOT NULL,
    sealed bytea NOT NULL,
    state character varying NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone,
    closed_at timestamp with time zone,
    closed_why character varying DEFAULT ''::character varying NOT NULL,
    former_lookup bytea
);
CREATE SEQUENCE public.address_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.address_id_seq OWNED BY public.address.id;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.answer (
    story_id integer NOT NULL,
    step character varying NOT NULL,
    value text NOT NULL,
    note text NOT NULL
);
ALTER TABLE ONLY public.answer ALTER COLUMN value SET STATISTICS 0;
ALTER TABLE ONLY public.answer ALTER COLUMN note SET STATISTICS 0;
CREATE TABLE public.api_token (
    id integer NOT NULL,
    token_hash character varying NOT NULL,
    member_id integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);
CREATE SEQUENCE public.api_token_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.api_token_id_seq OWNED BY public.api_token.id;
CREATE TABLE public.ask_back (
    id integer NOT NULL,
    kind character varying NOT NULL,
    contributor_id integer NOT NULL,
    story_id integer,
    edition_id integer,
    state character varying NOT NULL,
    wanted_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    asked_at timestamp with time zone,
    until timestamp with time zone,
    answered_at timestamp with time zone,
    answer character varying NOT NULL
);
CREATE SEQUENCE public.ask_back_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ask_back_id_seq OWNED BY public.ask_back.id;
CREATE TABLE public.audit (
    id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    who character varying NOT NULL,
    act character varying NOT NULL,
    object_kind character varying NOT NULL,
    object_id character varying NOT NULL,
    detail text NOT NULL
);
CREATE SEQUENCE public.audit_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;
CREATE TABLE public.consent_text (
    digest character varying NOT NULL,
    text text NOT NULL,
    language character varying NOT NULL
);
CREATE TABLE public.contributor (
    id integer NOT NULL,
    pseudonym character varying NOT NULL,
    language character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone NOT NULL,
    opted_out boolean NOT NULL,
    opted_out_at timestamp with time zone,
    simulated boolean NOT NULL,
    source character varying NOT NULL,
    erased_at timestamp with time zone,
    signposted_at timestamp with time zone,
    leaving_warned_at timestamp with time zone
);
CREATE SEQUENCE public.contributor_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.contributor_id_seq OWNED BY public.contributor.id;
CREATE TABLE public.conversation (
    id character varying NOT NULL,
    contributor_id integer NOT NULL,
    address_id integer NOT NULL,
    flow character varying NOT NULL,
    structure character varying NOT NULL,
    status character varying NOT NULL,
    step character varying,
    state text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    due_kind character varying,
    due_at timestamp with time zone
);
ALTER TABLE ONLY public.conversation ALTER COLUMN state SET STATISTICS 0;
CREATE TABLE public.decision (
    id integer NOT NULL,
    contributor_id integer,
    conversation_id character varying NOT NULL,
    story_id integer,
    purpose character varying NOT NULL,
    answer character varying NOT NULL,
    literal text NOT NULL,
    text_digest character varying NOT NULL,
    step character varying NOT NULL,
    flow character varying NOT NULL,
    structure character varying NOT NULL,
    whole character varying NOT NULL,
    language character varying NOT NULL,
    channel character varying NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    text_version integer DEFAULT 1 NOT NULL,
    valid_until timestamp with time zone,
    notice_digest character varying,
    assisted_by integer,
    assisted_where character varying DEFAULT ''::character varying NOT NULL,
    read_aloud boolean DEFAULT false NOT NULL
);
ALTER TABLE ONLY public.decision ALTER COLUMN literal SET STATISTICS 0;
CREATE SEQUENCE public.decision_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.decision_id_seq OWNED BY public.decision.id;
CREATE TABLE public.delivery_event (
    channel character varying NOT NULL,
    provider_id character varying NOT NULL,
    status character varying NOT NULL,
    error character varying,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.edition (
    id integer NOT NULL,
    story_id integer NOT NULL,
    "position" integer NOT NULL,
    of_version integer NOT NULL,
    text text NOT NULL,
    reason text NOT NULL,
    author character varying NOT NULL,
    made_at timestamp with time zone NOT NULL,
    state character varying NOT NULL,
    answered_at timestamp with time zone,
    decision_id integer
);
ALTER TABLE ONLY public.edition ALTER COLUMN text SET STATISTICS 0;
ALTER TABLE ONLY public.edition ALTER COLUMN reason SET STATISTICS 0;
CREATE SEQUENCE public.edition_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.edition_id_seq OWNED BY public.edition.id;
CREATE TABLE public.erasure (
    id integer NOT NULL,
    kind character varying NOT NULL,
    token character varying NOT NULL,
    at timestamp with time zone NOT NULL,
    scrubbed_at timestamp with time zone
);
CREATE SEQUENCE public.erasure_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.erasure_id_seq OWNED BY public.erasure.id;
CREATE TABLE public.export_run (
    id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    who character varying NOT NULL,
    format character varying NOT NULL,
    use character varying NOT NULL,
    filters text NOT NULL,
    stories integer NOT NULL
);
CREATE SEQUENCE public.export_run_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.export_run_id_seq OWNED BY public.export_run.id;
CREATE TABLE public.export_story (
    export_id integer NOT NULL,
    story_id integer NOT NULL
);
CREATE TABLE public.holder_code (
    id integer NOT NULL,
    contributor_id integer NOT NULL,
    lookup bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    tries integer NOT NULL,
    used_at timestamp with time zone
);
CREATE SEQUENCE public.holder_code_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.holder_code_id_seq OWNED BY public.holder_code.id;
CREATE TABLE public.inbound (
    id integer NOT NULL,
    channel character varying NOT NULL,
    provider_id character varying NOT NULL,
    contributor_id integer,
    received_at timestamp with time zone NOT NULL,
    sealed bytea,
    state character varying NOT NULL,
    error character varying,
    attempts integer NOT NULL
);
CREATE SEQUENCE public.inbound_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.inbound_id_seq OWNED BY public.inbound.id;
CREATE TABLE public.installation (
    id integer NOT NULL,
    clock_at timestamp with time zone,
    key_print bytea,
    backed_up_at timestamp with time zone,
    restored_at timestamp with time zone,
    listed_decision integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.installation_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.installation_id_seq OWNED BY public.installation.id;
CREATE TABLE public.notice (
    digest character varying NOT NULL,
    body text NOT NULL
);
CREATE TABLE public.on_call (
    id integer NOT NULL,
    member_id integer NOT NULL,
    "position" integer NOT NULL,
    address_id integer,
    code_hash character varying,
    code_until timestamp with time zone,
    linked_at timestamp with time zone,
    missed_at timestamp with time zone
);
CREATE SEQUENCE public.on_call_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.on_call_id_seq OWNED BY public.on_call.id;
CREATE TABLE public.outbox (
    id integer NOT NULL,
    address_id integer NOT NULL,
    contributor_id integer NOT NULL,
    conversation_id character varying,
    inbound_id integer,
    channel character varying NOT NULL,
    kind character varying NOT NULL,
    payload text,
    due_at timestamp with time zone NOT NULL,
    state character varying NOT NULL,
    attempts integer NOT NULL,
    lease_until timestamp with time zone,
    provider_id character varying,
    error character varying,
    segments integer,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    serial integer,
    private boolean DEFAULT false NOT NULL,
    handed_at timestamp with time zone,
    owner character varying,
    beside boolean DEFAULT false NOT NULL
);
ALTER TABLE ONLY public.outbox ALTER COLUMN payload SET STATISTICS 0;
CREATE SEQUENCE public.outbox_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.outbox_id_seq OWNED BY public.outbox.id;
CREATE TABLE public.place (
    id character varying NOT NULL,
    name character varying NOT NULL,
    aliases text NOT NULL,
    kind character varying NOT NULL,
    parent character varying NOT NULL,
    scheme character varying NOT NULL,
    code character varying NOT NULL,
    latitude double precision,
    longitude double precision,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.process (
    id character varying NOT NULL,
    beat integer NOT NULL,
    share integer NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.receipt_guess (
    id integer NOT NULL,
    lookup bytea NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.receipt_guess_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.receipt_guess_id_seq OWNED BY public.receipt_guess.id;
CREATE TABLE public.release (
    id integer NOT NULL,
    flow character varying NOT NULL,
    title character varying NOT NULL,
    structure character varying NOT NULL,
    whole character varying NOT NULL,
    body text NOT NULL,
    published_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.release_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.release_id_seq OWNED BY public.release.id;
CREATE TABLE public.request (
    id integer NOT NULL,
    kind character varying NOT NULL,
    origin character varying NOT NULL,
    contributor_id integer,
    sealed bytea,
    opened_at timestamp with time zone NOT NULL,
    target_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    closed_at timestamp with time zone,
    closed_by integer,
    outcome character varying NOT NULL,
    link_opened_at timestamp with time zone
);
CREATE SEQUENCE public.request_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.request_id_seq OWNED BY public.request.id;
CREATE TABLE public.safeguarding (
    id integer NOT NULL,
    contributor_id integer,
    conversation_id character varying,
    story_id integer,
    inbound_id integer,
    origin character varying NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    repeats integer NOT NULL,
    look_by timestamp with time zone NOT NULL,
    next_alert_at timestamp with time zone,
    alerts integer NOT NULL,
    taken_at timestamp with time zone,
    taken_by integer,
    closed_at timestamp with time zone,
    closed_by integer,
    outcome character varying NOT NULL,
    version integer NOT NULL,
    level character varying DEFAULT 'plain'::character varying NOT NULL
);
CREATE SEQUENCE public.safeguarding_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.safeguarding_id_seq OWNED BY public.safeguarding.id;
CREATE TABLE public.sealed_message (
    id integer NOT NULL,
    conversation_id character varying NOT NULL,
    contributor_id integer NOT NULL,
    ref character varying NOT NULL,
    sealed bytea NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.sealed_message_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sealed_message_id_seq OWNED BY public.sealed_message.id;
CREATE TABLE public.sign_in_link (
    id integer NOT NULL,
    token_hash character varying NOT NULL,
    member_id integer,
    role character varying NOT NULL,
    purpose character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE SEQUENCE public.sign_in_link_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sign_in_link_id_seq OWNED BY public.sign_in_link.id;
CREATE TABLE public.story (
    id integer NOT NULL,
    conversation_id character varying NOT NULL,
    contributor_id integer NOT NULL,
    kind character varying NOT NULL,
    flow character varying NOT NULL,
    structure character varying NOT NULL,
    text text NOT NULL,
    language character varying NOT NULL,
    channel character varying NOT NULL,
    told_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    state character varying NOT NULL,
    decided_by integer,
    decided_at timestamp with time zone,
    reason text NOT NULL,
    use character varying NOT NULL,
    simulated boolean NOT NULL,
    receipt_lookup bytea,
    place_id character varying,
    place_label character varying NOT NULL,
    place_words text NOT NULL,
    place_kind character varying NOT NULL,
    place_scheme character varying NOT NULL,
    place_code character varying NOT NULL,
    place_year character varying NOT NULL,
    place_nation character varying NOT NULL,
    place_parent character varying NOT NULL,
    version integer NOT NULL,
    withdrawn_at timestamp with time zone,
    use_until timestamp with time zone,
    kept_until timestamp with time zone,
    naming character varying DEFAULT 'none'::character varying NOT NULL,
    credit character varying DEFAULT ''::character varying NOT NULL,
    progress character varying DEFAULT 'heard'::character varying NOT NULL,
    progress_at timestamp with time zone,
    words_version integer DEFAULT 1 NOT NULL
);
ALTER TABLE ONLY public.story ALTER COLUMN text SET STATISTICS 0;
ALTER TABLE ONLY public.story ALTER COLUMN reason SET STATISTICS 0;
ALTER TABLE ONLY public.story ALTER COLUMN place_words SET STATISTICS 0;
ALTER TABLE ONLY public.story ALTER COLUMN credit SET STATISTICS 0;
CREATE SEQUENCE public.story_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.story_id_seq OWNED BY public.story.id;
CREATE TABLE public.story_part (
    story_id integer NOT NULL,
    "position" integer NOT NULL,
    ref character varying NOT NULL,
    text text NOT NULL,
    kind character varying NOT NULL,
    received_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.story_part ALTER COLUMN text SET STATISTICS 0;
CREATE TABLE public.stray (
    channel character varying NOT NULL,
    kind character varying NOT NULL,
    count integer NOT NULL
);
CREATE TABLE public.suppression (
    channel character varying NOT NULL,
    lookup bytea NOT NULL,
    opted_out boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.tag (
    id integer NOT NULL,
    story_id integer NOT NULL,
    dimension character varying NOT NULL,
    value character varying NOT NULL,
    origin character varying NOT NULL,
    confidence double precision,
    confirmed_by integer,
    confirmed_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone
);
CREATE SEQUENCE public.tag_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tag_id_seq OWNED BY public.tag.id;
CREATE TABLE public.team_item (
    id integer NOT NULL,
    kind character varying NOT NULL,
    contributor_id integer,
    conversation_id character varying,
    story_id integer,
    inbound_id integer,
    raised_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by integer,
    note character varying DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE public.team_item_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.team_item_id_seq OWNED BY public.team_item.id;
CREATE TABLE public.team_member (
    id integer NOT NULL,
    email character varying NOT NULL,
    name character varying NOT NULL,
    role character varying NOT NULL,
    password_hash character varying,
    active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.team_member_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.team_member_id_seq OWNED BY public.team_member.id;
CREATE TABLE public.team_session (
    id integer NOT NULL,
    token_hash character varying NOT NULL,
    member_id integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.team_session_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.team_session_id_seq OWNED BY public.team_session.id;
ALTER TABLE ONLY public.address ALTER COLUMN id SET DEFAULT nextval('public.address_id_seq'::regclass);
ALTER TABLE ONLY public.api_token ALTER COLUMN id SET DEFAULT nextval('public.api_token_id_seq'::regclass);
ALTER TABLE ONLY public.ask_back ALTER COLUMN id SET DEFAULT nextval('public.ask_back_id_seq'::regclass);
ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);
ALTER TABLE ONLY public.contributor ALTER COLUMN id SET DEFAULT nextval('public.contributor_id_seq'::regclass);
ALTER TABLE ONLY public.decision ALTER COLUMN id SET DEFAULT nextval('public.decision_id_seq'::regclass);
ALTER TABLE ONLY public.edition ALTER COLUMN id SET DEFAULT nextval('public.edition_id_seq'::regclass);
ALTER TABLE ONLY public.erasure ALTER COLUMN id SET DEFAULT nextval('public.erasure_id_seq'::regclass);
ALTER TABLE ONLY public.export_run ALTER COLUMN id SET DEFAULT nextval('public.export_run_id_seq'::regclass);
ALTER TABLE ONLY public.holder_code ALTER COLUMN id SET DEFAULT nextval('public.holder_code_id_seq'::regclass);
ALTER TABLE ONLY public.inbound ALTER COLUMN id SET DEFAULT nextval('public.inbound_id_seq'::regclass);
ALTER TABLE ONLY public.installation ALTER COLUMN id SET DEFAULT nextval('public.installation_id_seq'::regclass);
ALTER TABLE ONLY public.on_call ALTER COLUMN id SET DEFAULT nextval('public.on_call_id_seq'::regclass);
ALTER TABLE ONLY public.outbox ALTER COLUMN id SET DEFAULT nextval('public.outbox_id_seq'::regclass);
ALTER TABLE ONLY public.receipt_guess ALTER COLUMN id SET DEFAULT nextval('public.receipt_guess_id_seq'::regclass);
ALTER TABLE ONLY public.release ALTER COLUMN id SET DEFAULT nextval('public.release_id_seq'::regclass);
ALTER TABLE ONLY public.request ALTER COLUMN id SET DEFAULT nextval('public.request_id_seq'::regclass);
ALTER TABLE ONLY public.safeguarding ALTER COLUMN id SET DEFAULT nextval('public.safeguarding_id_seq'::regclass);
ALTER TABLE ONLY public.sealed_message ALTER COLUMN id SET DEFAULT nextval('public.sealed_message_id_seq'::regclass);
ALTER TABLE ONLY public.sign_in_link ALTER COLUMN id SET DEFAULT nextval('public.sign_in_link_id_seq'::regclass);
ALTER TABLE ONLY public.story ALTER COLUMN id SET DEFAULT nextval('public.story_id_seq'::regclass);
ALTER TABLE ONLY public.tag ALTER COLUMN id SET DEFAULT nextval('public.tag_id_seq'::regclass);
ALTER TABLE ONLY public.team_item ALTER COLUMN id SET DEFAULT nextval('public.team_item_id_seq'::regclass);
ALTER TABLE ONLY public.team_member ALTER COLUMN id SET DEFAULT nextval('public.team_member_id_seq'::regclass);
ALTER TABLE ONLY public.team_session ALTER COLUMN id SET DEFAULT nextval('public.team_session_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0011');
INSERT INTO public.installation VALUES (1, NULL, NULL, NULL, NULL, 0);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.address
    ADD CONSTRAINT pk_address PRIMARY KEY (id);
ALTER TABLE ONLY public.answer
    ADD CONSTRAINT pk_answer PRIMARY KEY (story_id, step);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT pk_api_token PRIMARY KEY (id);
ALTER TABLE ONLY public.ask_back
    ADD CONSTRAINT pk_ask_back PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.consent_text
    ADD CONSTRAINT pk_consent_text PRIMARY KEY (digest);
ALTER TABLE ONLY public.contributor
    ADD CONSTRAINT pk_contributor PRIMARY KEY (id);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT pk_conversation PRIMARY KEY (id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT pk_decision PRIMARY KEY (id);
ALTER TABLE ONLY public.delivery_event
    ADD CONSTRAINT pk_delivery_event PRIMARY KEY (channel, provider_id, status);
ALTER TABLE ONLY public.edition
    ADD CONSTRAINT pk_edition PRIMARY KEY (id);
ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT pk_erasure PRIMARY KEY (id);
ALTER TABLE ONLY public.export_run
    ADD CONSTRAINT pk_export_run PRIMARY KEY (id);
ALTER TABLE ONLY public.export_story
    ADD CONSTRAINT pk_export_story PRIMARY KEY (export_id, story_id);
ALTER TABLE ONLY public.holder_code
    ADD CONSTRAINT pk_holder_code PRIMARY KEY (id);
ALTER TABLE ONLY public.inbound
    ADD CONSTRAINT pk_inbound PRIMARY KEY (id);
ALTER TABLE ONLY public.installation
    ADD CONSTRAINT pk_installation PRIMARY KEY (id);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT pk_notice PRIMARY KEY (digest);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT pk_on_call PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (id);
ALTER TABLE ONLY public.place
    ADD CONSTRAINT pk_place PRIMARY KEY (id);
ALTER TABLE ONLY public.process
    ADD CONSTRAINT pk_process PRIMARY KEY (id);
ALTER TABLE ONLY public.receipt_guess
    ADD CONSTRAINT pk_receipt_guess PRIMARY KEY (id);
ALTER TABLE ONLY public.release
    ADD CONSTRAINT pk_release PRIMARY KEY (id);
ALTER TABLE ONLY public.request
    ADD CONSTRAINT pk_request PRIMARY KEY (id);
ALTER TABLE ONLY public.safeguarding
    ADD CONSTRAINT pk_safeguarding PRIMARY KEY (id);
ALTER TABLE ONLY public.sealed_message
    ADD CONSTRAINT pk_sealed_message PRIMARY KEY (id);
ALTER TABLE ONLY public.sign_in_link
    ADD CONSTRAINT pk_sign_in_link PRIMARY KEY (id);
ALTER TABLE ONLY public.story
    ADD CONSTRAINT pk_story PRIMARY KEY (id);
ALTER TABLE ONLY public.story_part
    ADD CONSTRAINT pk_story_part PRIMARY KEY (story_id, "position");
ALTER TABLE ONLY public.stray
    ADD CONSTRAINT pk_stray PRIMARY KEY (channel, kind);
ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT pk_suppression PRIMARY KEY (channel, lookup);
ALTER TABLE ONLY public.tag
    ADD CONSTRAINT pk_tag PRIMARY KEY (id);
ALTER TABLE ONLY public.team_item
    ADD CONSTRAINT pk_team_item PRIMARY KEY (id);
ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT pk_team_member PRIMARY KEY (id);
ALTER TABLE ONLY public.team_session
    ADD CONSTRAINT pk_team_session PRIMARY KEY (id);
ALTER TABLE ONLY public.address
    ADD CONSTRAINT uq_address_channel_lookup UNIQUE (channel, lookup);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.contributor
    ADD CONSTRAINT uq_contributor_pseudonym UNIQUE (pseudonym);
ALTER TABLE ONLY public.edition
    ADD CONSTRAINT uq_edition_story_id_position UNIQUE (story_id, "position");
ALTER TABLE ONLY public.inbound
    ADD CONSTRAINT uq_inbound_channel_provider_id UNIQUE (channel, provider_id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT uq_on_call_code_hash UNIQUE (code_hash);
ALTER TABLE ONLY public.release
    ADD CONSTRAINT uq_release_whole UNIQUE (whole);
ALTER TABLE ONLY public.sign_in_link
    ADD CONSTRAINT uq_sign_in_link_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.story
    ADD CONSTRAINT uq_story_conversation_id UNIQUE (conversation_id);
ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT uq_team_member_email UNIQUE (email);
ALTER TABLE ONLY public.team_session
    ADD CONSTRAINT uq_team_session_token_hash UNIQUE (token_hash);
CREATE INDEX ix_address_contributor_id ON public.address USING btree (contributor_id);
CREATE INDEX ix_address_former_lookup ON public.address USING btree (former_lookup);
CREATE INDEX ix_api_token_member_id ON public.api_token USING btree (member_id);
CREATE INDEX ix_ask_back_contributor_id ON public.ask_back USING btree (contributor_id);
CREATE INDEX ix_ask_back_due ON public.ask_back USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX ix_ask_back_edition_id ON public.ask_back USING btree (edition_id);
CREATE INDEX ix_ask_back_story_id ON public.ask_back USING btree (story_id);
CREATE INDEX ix_audit_at ON public.audit USING btree (at);
CREATE INDEX ix_audit_object ON public.audit USING btree (object_kind, object_id);
CREATE INDEX ix_contributor_erased_at ON public.contributor USING btree (erased_at);
CREATE INDEX ix_conversation_address_id ON public.conversation USING btree (address_id);
CREATE INDEX ix_conversation_contributor_started ON public.conversation USING btree (contributor_id, started_at);
CREATE INDEX ix_conversation_due ON public.conversation USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX ix_decision_contributor_id ON public.decision USING btree (contributor_id);
CREATE INDEX ix_decision_conversation_id ON public.decision USING btree (conversation_id);
CREATE INDEX ix_decision_story_id ON public.decision USING btree (story_id);
CREATE INDEX ix_delivery_event_at ON public.delivery_event USING btree (at);
CREATE INDEX ix_edition_story_id ON public.edition USING btree (story_id);
CREATE INDEX ix_erasure_fresh ON public.erasure USING btree (id) WHERE (scrubbed_at IS NULL);
CREATE INDEX ix_export_run_at ON public.export_run USING btree (at);
CREATE INDEX ix_export_story_story_id ON public.export_story USING btree (story_id);
CREATE INDEX ix_holder_code_contributor_id ON public.holder_code USING btree (contributor_id);
CREATE INDEX ix_holder_code_made_at ON public.holder_code USING btree (made_at);
CREATE INDEX ix_inbound_contributor_id ON public.inbound USING btree (contributor_id);
CREATE INDEX ix_inbound_failed ON public.inbound USING btree (id) WHERE ((state)::text = ANY ((ARRAY['failed'::character varying, 'stored'::character varying])::text[]));
CREATE INDEX ix_inbound_received_at ON public.inbound USING btree (received_at);
CREATE INDEX ix_on_call_address_id ON public.on_call USING btree (address_id);
CREATE INDEX ix_on_call_member_id ON public.on_call USING btree (member_id);
CREATE INDEX ix_outbox_address_id ON public.outbox USING btree (address_id);
CREATE INDEX ix_outbox_answers ON public.outbox USING btree (channel, due_at, id) WHERE (((state)::text = 'queued'::text) AND ((kind)::text = ANY ((ARRAY['reply'::character varying, 'unsay'::character varying, 'care'::character varying, 'alert'::character varying])::text[])));
CREATE INDEX ix_outbox_asked ON public.outbox USING btree (conversation_id, serial) WHERE (serial IS NOT NULL);
CREATE INDEX ix_outbox_due ON public.outbox USING btree (channel, due_at, id) WHERE ((state)::text = 'queued'::text);
CREATE INDEX ix_outbox_inbound_id ON public.outbox USING btree (inbound_id);
CREATE INDEX ix_outbox_provider ON public.outbox USING btree (provider_id) WHERE (provider_id IS NOT NULL);
CREATE INDEX ix_outbox_unknown ON public.outbox USING btree (id) WHERE ((state)::text = 'unknown'::text);
CREATE INDEX ix_outbox_waiting ON public.outbox USING btree (address_id, id) WHERE ((state)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying])::text[]));
CREATE INDEX ix_receipt_guess_at ON public.receipt_guess USING btree (at);
CREATE INDEX ix_receipt_guess_lookup ON public.receipt_guess USING btree (lookup);
CREATE INDEX ix_release_flow_structure ON public.release USING btree (flow, structure, id);
CREATE INDEX ix_request_closed_by ON public.request USING btree (closed_by);
CREATE INDEX ix_request_contributor_id ON public.request USING btree (contributor_id);
CREATE INDEX ix_request_open ON public.request USING btree (due_at) WHERE (closed_at IS NULL);
CREATE INDEX ix_safeguarding_closed_by ON public.safeguarding USING btree (closed_by);
CREATE INDEX ix_safeguarding_inbound_id ON public.safeguarding USING btree (inbound_id);
CREATE UNIQUE INDEX ix_safeguarding_open ON public.safeguarding USING btree (contributor_id) WHERE (closed_at IS NULL);
CREATE INDEX ix_safeguarding_story_id ON public.safeguarding USING btree (story_id);
CREATE INDEX ix_safeguarding_taken_by ON public.safeguarding USING btree (taken_by);
CREATE INDEX ix_sealed_message_contributor_id ON public.sealed_message USING btree (contributor_id);
CREATE INDEX ix_sealed_message_conversation_id ON public.sealed_message USING btree (conversation_id);
CREATE INDEX ix_sealed_message_received_at ON public.sealed_message USING btree (received_at);
CREATE INDEX ix_sign_in_link_expires_at ON public.sign_in_link USING btree (expires_at);
CREATE INDEX ix_sign_in_link_member_id ON public.sign_in_link USING btree (member_id);
CREATE INDEX ix_story_contributor_id ON public.story USING btree (contributor_id);
CREATE INDEX ix_story_decided_by ON public.story USING btree (decided_by);
CREATE INDEX ix_story_kept_until ON public.story USING btree (kept_until);
CREATE INDEX ix_story_newest ON public.story USING btree (simulated, told_at, id);
CREATE INDEX ix_story_place ON public.story USING btree (place_id, told_at);
CREATE INDEX ix_story_queue ON public.story USING btree (state, simulated, told_at, id);
CREATE INDEX ix_story_receipt_lookup ON public.story USING btree (receipt_lookup);
CREATE INDEX ix_story_use_until ON public.story USING btree (use_until);
CREATE INDEX ix_tag_confirmed_by ON public.tag USING btree (confirmed_by);
CREATE INDEX ix_tag_dimension_value ON public.tag USING btree (dimension, value, story_id);
CREATE INDEX ix_tag_story_id ON public.tag USING btree (story_id);
CREATE INDEX ix_team_item_closed_by ON public.team_item USING btree (closed_by);
CREATE INDEX ix_team_item_contributor_id ON public.team_item USING btree (contributor_id);
CREATE INDEX ix_team_item_conversation_id ON public.team_item USING btree (conversation_id);
CREATE INDEX ix_team_item_inbound_id ON public.team_item USING btree (inbound_id);
CREATE INDEX ix_team_item_open ON public.team_item USING btree (kind, raised_at) WHERE (closed_at IS NULL);
CREATE INDEX ix_team_item_story_id ON public.team_item USING btree (story_id);
CREATE INDEX ix_team_session_expires_at ON public.team_session USING btree (expires_at);
CREATE INDEX ix_team_session_member_id ON public.team_session USING btree (member_id);
CREATE UNIQUE INDEX uq_conversation_open ON public.conversation USING btree (contributor_id) WHERE ((status)::text = 'open'::text);
ALTER TABLE ONLY public.address
    ADD CONSTRAINT fk_address_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.answer
    ADD CONSTRAINT fk_answer_story_id_story FOREIGN KEY (story_id) REFERENCES public.story(id);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT fk_api_token_member_id_team_member FOREIGN KEY (member_id) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.ask_back
    ADD CONSTRAINT fk_ask_back_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.ask_back
    ADD CONSTRAINT fk_ask_back_edition_id_edition FOREIGN KEY (edition_id) REFERENCES public.edition(id);
ALTER TABLE ONLY public.ask_back
    ADD CONSTRAINT fk_ask_back_story_id_story FOREIGN KEY (story_id) REFERENCES public.story(id);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT fk_conversation_address_id_address FOREIGN KEY (address_id) REFERENCES public.address(id);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT fk_conversation_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT fk_decision_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT fk_decision_text_digest_consent_text FOREIGN KEY (text_digest) REFERENCES public.consent_text(digest);
ALTER TABLE ONLY public.edition
    ADD CONSTRAINT fk_edition_story_id_story FOREIGN KEY (story_id) REFERENCES public.story(id);
ALTER TABLE ONLY public.export_story
    ADD CONSTRAINT fk_export_story_export_id_export_run FOREIGN KEY (export_id) REFERENCES public.export_run(id);
ALTER TABLE ONLY public.holder_code
    ADD CONSTRAINT fk_holder_code_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.inbound
    ADD CONSTRAINT fk_inbound_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT fk_on_call_address_id_address FOREIGN KEY (address_id) REFERENCES public.address(id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT fk_on_call_member_id_team_member FOREIGN KEY (member_id) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT fk_outbox_address_id_address FOREIGN KEY (address_id) REFERENCES public.address(id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT fk_outbox_inbound_id_inbound FOREIGN KEY (inbound_id) REFERENCES public.inbound(id);
ALTER TABLE ONLY public.request
    ADD CONSTRAINT fk_request_closed_by_team_member FOREIGN KEY (closed_by) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.request
    ADD CONSTRAINT fk_request_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.safeguarding
    ADD CONSTRAINT fk_safeguarding_closed_by_team_member FOREIGN KEY (closed_by) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.safeguarding
    ADD CONSTRAINT fk_safeguarding_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.safeguarding
    ADD CONSTRAINT fk_safeguarding_inbound_id_inbound FOREIGN KEY (inbound_id) REFERENCES public.inbound(id);
ALTER TABLE ONLY public.safeguarding
    ADD CONSTRAINT fk_safeguarding_taken_by_team_member FOREIGN KEY (taken_by) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.sealed_message
    ADD CONSTRAINT fk_sealed_message_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.sealed_message
    ADD CONSTRAINT fk_sealed_message_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.sign_in_link
    ADD CONSTRAINT fk_sign_in_link_member_id_team_member FOREIGN KEY (member_id) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.story
    ADD CONSTRAINT fk_story_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.story
    ADD CONSTRAINT fk_story_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.story
    ADD CONSTRAINT fk_story_decided_by_team_member FOREIGN KEY (decided_by) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.story_part
    ADD CONSTRAINT fk_story_part_story_id_story FOREIGN KEY (story_id) REFERENCES public.story(id);
ALTER TABLE ONLY public.tag
    ADD CONSTRAINT fk_tag_confirmed_by_team_member FOREIGN KEY (confirmed_by) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.tag
    ADD CONSTRAINT fk_tag_story_id_story FOREIGN KEY (story_id) REFERENCES public.story(id);
ALTER TABLE ONLY public.team_item
    ADD CONSTRAINT fk_team_item_closed_by_team_member FOREIGN KEY (closed_by) REFERENCES public.team_member(id);
ALTER TABLE ONLY public.team_item
    ADD CONSTRAINT fk_team_item_contributor_id_contributor FOREIGN KEY (contributor_id) REFERENCES public.contributor(id);
ALTER TABLE ONLY public.team_item
    ADD CONSTRAINT fk_team_item_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.team_item
    ADD CONSTRAINT fk_team_item_inbound_id_inbound FOREIGN KEY (inbound_id) REFERENCES public.inbound(id);
ALTER TABLE ONLY public.team_item
    ADD CONSTRAINT fk_team_item_story_id_story FOREIGN KEY (story_id) REFERENCES public.story(id);
ALTER TABLE ONLY public.team_session
    ADD CONSTRAINT fk_team_session_member_id_team_member FOREIGN KEY (member_id) REFERENCES public.team_member(id);
