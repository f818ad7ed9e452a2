//! Deliberate faults, one of which `OTTLA_MUTANT` selects at run time: the tests that are named with each have to fail
//! then. `cargo xtask mutants` runs them all. Only tests are built with the feature; elsewhere each place is the
//! constant `false`.

use std::string::String;
use std::sync::OnceLock;

/// A fault.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// What `OTTLA_MUTANT` says to select it.
    pub name: &'static str,
    /// What goes wrong, in one line.
    pub fault: &'static str,
    /// The test that catches it: `file::name` below `crates/ottla-core/tests`.
    pub caught_by: &'static str,
}

macro_rules! mutants {
    ($($name:ident $fault:literal $caught_by:literal;)*) => {
        /// The faults.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Mutant { $($name),* }

        const NAMES: &[(Mutant, Description)] = &[$((Mutant::$name, Description {
            name: stringify!($name),
            fault: $fault,
            caught_by: $caught_by,
        })),*];
    };
}

mutants! {
    KeyHashUnsigned "the modulo of a key's hash is taken unsigned"
        "semantics::partitioning::keys_are_placed_by_murmur2_over_all_partitions";
    KeyHashAbsolute "the absolute value of a key's hash is used"
        "semantics::partitioning::keys_are_placed_by_murmur2_over_all_partitions";
    EmptyKeyIsNull "an empty key counts as none"
        "semantics::partitioning::an_empty_key_is_a_key_and_a_null_key_is_none";
    KeyBeforeApplication "the key decides before the application's partitioner"
        "semantics::partitioning::explicit_partition_then_application_then_key_then_sticky";
    KeysCountLeaders "a key's partition counts the available partitions only"
        "semantics::partitioning::keys_are_placed_by_murmur2_over_all_partitions";
    StickySwitchNotHeld "the sticky partition changes although its open batch could grow"
        "semantics::partitioning::the_sticky_partition_is_kept_until_batch_size_bytes_and_a_full_batch";
    StickySwitchNotForced "the sticky partition is kept beyond twice batch.size"
        "semantics::partitioning::the_sticky_partition_is_kept_until_batch_size_bytes_and_a_full_batch";
    LoadIgnored "queues do not weigh in the choice of the sticky partition"
        "semantics::partitioning::partitions_with_long_queues_are_chosen_less_often";
    LeaderlessChosen "the sticky partition may be one without a leader"
        "semantics::partitioning::the_sticky_partition_is_drawn_among_those_with_a_leader";
    StarvingNotAvoided "partitions of a broker that takes nothing are chosen on"
        "semantics::partitioning::partitions_of_a_broker_that_takes_nothing_are_avoided_and_come_back";
    LingerIgnored "an open batch is ready at once"
        "batching::a_batch_leaves_when_linger_is_over_and_not_before";
    FlushLingers "batches linger during a flush"
        "flush_close::flush_ends_lingering_and_waits_for_the_answers";
    CloseLingers "batches linger on closing"
        "semantics::contract::close_delivers_without_linger_and_at_its_deadline_fails_the_rest";
    ShortMemoryLingers "batches linger while somebody waits for memory"
        "memory::batches_do_not_linger_while_somebody_waits_for_memory";
    SizeUnchecked "a record larger than max.request.size is taken"
        "semantics::accumulating::the_size_check_uses_the_upper_bound_before_compression";
    RefusingBatchStaysOpen "a batch takes more than batch.size"
        "semantics::accumulating::a_batch_holds_what_fits_into_batch_size_and_its_first_record_always";
    RatioNotLearned "the compression of a topic is not learned"
        "semantics::accumulating::the_compression_ratio_is_learned_per_topic_slowly_down_and_at_once_up";
    RatioShared "all topics share one compression ratio"
        "semantics::accumulating::the_compression_ratio_is_learned_per_topic_slowly_down_and_at_once_up";
    WorseRatioPlain "a worse compression ratio is believed as it is"
        "semantics::learning::a_worse_ratio_counts_at_once_and_a_little_more_and_a_better_one_by_half_a_percent";
    RatioKeptAfterSplit "a split does not forget the compression of its topic"
        "semantics::accumulating::the_compression_ratio_is_learned_per_topic_slowly_down_and_at_once_up";
    MemoryNotReturned "a completed batch keeps its memory"
        "memory::a_full_buffer_gives_records_back_and_room_is_announced_once";
    MemoryReturnedInFlight "memory of a batch that expired in flight comes back before the answer"
        "semantics::accumulating::memory_of_a_batch_in_flight_comes_back_with_its_answer_and_not_with_its_expiry";
    MemoryOvertaken "a small record overtakes a large one that waits for memory"
        "memory::a_small_record_does_not_overtake_one_that_waits_for_room";
    FlushCountsAnything "a later record stands in for an earlier one in a flush"
        "flush_close::a_later_record_does_not_stand_in_for_an_earlier_one";
    MaxBlockTwice "the wait for memory does not count for max.block.ms"
        "semantics::accumulating::max_block_is_one_budget_and_carries_what_the_cluster_said";
    WaitingReversed "records that wait for metadata change their order"
        "semantics::accumulating::records_without_metadata_wait_in_order_and_none_overtakes";
    NewTopicsAskForAll "a new topic asks for all topics"
        "metadata::a_new_topic_does_not_ask_for_the_known_ones_again";
    IdleTopicsKept "topics that nobody uses are asked for on"
        "metadata::a_topic_that_nobody_uses_is_forgotten";
    BusyTopicForgotten "a topic with queued batches is forgotten"
        "metadata::a_topic_with_queued_work_is_not_forgotten";
    AwaitedTopicForgotten "a topic with waiting records is forgotten"
        "metadata::a_topic_with_waiting_records_is_not_forgotten";
    ForbiddenTopicWaits "an error of metadata that does not pass is waited out"
        "metadata::a_forbidden_topic_fails_its_records_at_once_and_no_others";
    TopicErrorBelieved "an error that can pass makes a known topic unknown"
        "metadata::a_known_topic_stays_known_when_metadata_has_an_error_of_it_that_can_pass";
    LingeringLeftBehind "a request takes the batches only that are ready themselves"
        "batching::a_broker_that_gets_a_request_gets_the_lingering_batches_too";
    RoundsBeginAnew "every round of requests begins with the same partition"
        "semantics::sending::partitions_take_turns_at_the_front_of_requests";
    InFlightUnlimited "more than max.in.flight requests are out"
        "semantics::sending::requests_of_every_kind_count_as_in_flight";
    PartitionNotMuted "with one request in flight a partition may have a batch at two leaders"
        "retries::with_one_in_flight_a_partition_waits_for_its_old_leader_before_it_writes_to_the_new_one";
    MetadataLast "batches go before metadata that is due"
        "semantics::sending::metadata_that_is_due_goes_before_batches";
    UnansweredAwaited "an answer is awaited that acks=0 does not bring"
        "semantics::sending::without_acks_a_written_record_is_done_and_an_error_is_never_known";
    CorrelationUnchecked "an answer with a wrong correlation id is taken"
        "semantics::sending::answers_are_matched_in_order_and_the_correlation_id_is_checked";
    TimerFromQueueing "the request timer begins before the request is written"
        "timeouts::the_request_timer_begins_when_the_request_is_written";
    ThrottleIgnored "a broker that asks for silence gets requests"
        "semantics::sending::the_client_is_quiet_where_the_broker_has_not_waited_itself";
    ThrottledTwice "the client waits where the broker has waited already"
        "semantics::sending::the_client_is_quiet_where_the_broker_has_not_waited_itself";
    ThrottledSuccessResent "a throttled success is sent again"
        "semantics::sending::the_client_is_quiet_where_the_broker_has_not_waited_itself";
    ThrottleEatsTimer "throttling does not extend the timers of requests"
        "connections::throttling_extends_the_timers_of_requests_that_are_out";
    SilenceForBatchesOnly "metadata is asked of a broker that wants silence"
        "semantics::sending::silence_goes_for_requests_of_every_kind_and_answers_of_every_kind_ask_for_it";
    SilenceShortened "a shorter silence that is asked for later shortens the first"
        "semantics::sending::a_shorter_silence_that_is_asked_for_later_does_not_shorten_the_first";
    InlineLeaderIgnored "the leader in an answer is not used"
        "semantics::recovery::an_inline_leader_is_used_without_backoff_if_it_is_newer_and_its_address_is_known";
    InlineLeaderBelieved "an older leader in an answer is believed"
        "semantics::recovery::an_inline_leader_is_used_without_backoff_if_it_is_newer_and_its_address_is_known";
    BackoffAtNewLeader "a new leader does not end the backoff"
        "semantics::recovery::a_newer_epoch_from_metadata_ends_the_backoff_too";
    OldLeaderBelieved "metadata with an older leader epoch is believed"
        "semantics::recovery::an_older_leader_epoch_is_ignored_unless_the_topic_was_made_anew";
    RecreatedTopicDistrusted "a topic that was made anew keeps its old leaders"
        "semantics::recovery::an_older_leader_epoch_is_ignored_unless_the_topic_was_made_anew";
    NoRebootstrap "the bootstrap addresses are not asked when every node backs off"
        "semantics::recovery::when_every_node_backs_off_the_bootstrap_addresses_are_asked_again";
    BootstrapForGood "the bootstrap addresses are asked on when the cluster is found again"
        "semantics::recovery::the_bootstrap_addresses_are_left_alone_once_the_cluster_is_found_again";
    FailedWishDropped "a failed Metadata request is not repeated"
        "semantics::recovery::failed_metadata_requests_are_repeated_ever_more_slowly_for_what_they_were_for";
    MetadataBackoffConstant "the pause before a Metadata request is repeated does not grow"
        "semantics::recovery::failed_metadata_requests_are_repeated_ever_more_slowly_for_what_they_were_for";
    TopicIdsForgotten "topic ids of an answer are looked up as they are then"
        "semantics::recovery::the_meaning_of_topic_ids_is_kept_with_the_request";
    BackoffIgnored "a batch is sent again at once"
        "retries::the_backoff_doubles_with_a_fifth_of_jitter_up_to_its_maximum";
    BackoffConstant "the pause before a retry does not grow"
        "retries::the_backoff_doubles_with_a_fifth_of_jitter_up_to_its_maximum";
    RetriesUncounted "retries are not counted"
        "retries::retries_are_counted_and_end";
    LossIsCertain "a batch of a lost connection counts as not stored"
        "semantics::sending::a_request_timeout_ends_the_connection_with_all_its_requests";
    DrainedWithoutIdentity "batches are drained before there is a producer id"
        "idempotence::nothing_is_sent_before_there_is_a_producer_id";
    IdentityBackoffConstant "the pause before InitProducerId is repeated does not grow"
        "semantics::idempotence::a_producer_id_that_cannot_be_had_is_asked_for_ever_more_slowly";
    RestampedOnRetry "a retry gets new sequences"
        "idempotence::a_retry_has_the_bytes_of_the_first_attempt";
    RetryAtTheBack "a retried batch goes behind later ones"
        "retries::a_retried_batch_goes_before_those_that_were_closed_meanwhile";
    RetriesOvertake "several retried batches of a partition are out at once"
        "retries::several_in_flight_are_retried_in_order";
    FirstAckNotAwaited "several batches are out before the broker knows the producer"
        "idempotence::a_partition_has_one_batch_in_flight_until_its_first_acknowledgement";
    EpochsMixed "a batch of a new epoch does not wait for those of the old one"
        "idempotence::other_partitions_take_the_new_epoch_when_nothing_of_theirs_is_in_flight";
    WrapIsLate "2147483647 is followed by 1"
        "semantics::idempotence::sequences_wrap_from_the_largest_to_zero_and_keep_their_order";
    WrapComparesPlainly "sequences are compared as plain numbers"
        "semantics::idempotence::sequences_wrap_from_the_largest_to_zero_and_keep_their_order";
    EpochReused "the last epoch is followed by itself"
        "idempotence::the_last_epoch_is_followed_by_a_new_producer_id";
    DeliveryTimeoutRestarts "a retry begins a new delivery.timeout.ms"
        "timeouts::the_delivery_timeout_covers_retries";
    SplitForgetsAge "the parts of a split begin a new delivery.timeout.ms"
        "semantics::idempotence::the_delivery_timeout_runs_on_through_a_split";
    SplitRepeatsSequence "all parts of a split have its first sequence"
        "split::parts_continue_the_sequence_of_the_whole";
    SplitCountsAsRetry "a split uses up a retry"
        "split::a_split_uses_up_no_retry";
    SplitByHalves "a split makes halves, whatever their size"
        "split::parts_have_batch_size_and_not_half_of_the_whole";
    DoubtEndsAtOnce "a batch that expired in flight does not stop its partition"
        "semantics::idempotence::the_answer_to_an_expired_batch_decides_about_the_epoch";
    DoubtIsResolved "the sequence of a lost batch counts as stored"
        "semantics::idempotence::the_answer_to_an_expired_batch_decides_about_the_epoch";
    DoubtEndsEarly "a doubt is given up while stamped batches could end it"
        "semantics::idempotence::a_doubt_is_left_to_the_stamped_batches_behind_it";
    FailureWithoutDoubt "a batch that fails with a refused login counts as not sent"
        "logins::a_batch_that_fails_with_a_refused_login_leaves_its_sequence_in_doubt";
    UnsentPartLeavesGap "a part of a split that expires unsent leaves a gap"
        "semantics::idempotence::an_unsent_part_of_a_split_that_expires_leaves_no_gap";
    OutOfOrderAlwaysBumps "OUT_OF_ORDER_SEQUENCE_NUMBER always bumps the epoch"
        "idempotence::out_of_order_for_a_batch_that_is_not_next_is_only_retried";
    OutOfOrderNeverBumps "OUT_OF_ORDER_SEQUENCE_NUMBER never bumps the epoch"
        "idempotence::out_of_order_for_the_next_batch_bumps_the_epoch_and_renumbers";
    UnknownProducerNeverBumps "UNKNOWN_PRODUCER_ID never bumps the epoch"
        "idempotence::unknown_producer_id_bumps_the_epoch_unless_the_partition_moved_meanwhile";
    RenumberedBumpsAgain "UNKNOWN_PRODUCER_ID of a renumbered batch bumps the epoch again"
        "semantics::idempotence::an_unknown_producer_id_of_a_batch_that_was_renumbered_meanwhile_is_no_second_reason";
    FailureKeepsEpoch "a batch that fails for good leaves a gap in the sequences"
        "semantics::idempotence::a_batch_that_fails_for_good_makes_a_new_epoch_for_those_behind_it";
    DuplicateFails "a duplicate that the broker recognised fails"
        "idempotence::a_duplicate_is_a_success_without_an_offset";
    LateAckMovesBack "a late acknowledgement moves the acknowledged sequence back"
        "semantics::idempotence::a_late_acknowledgement_does_not_move_sequences_back";
    ExpiredOutOfOrder "batches that expire together are told in flight first"
        "semantics::contract::results_keep_the_order_of_sending_when_batches_expire_or_are_closed";
    OffsetsNotCounted "all records of a batch have its first offset"
        "semantics::contract::the_offset_is_the_base_plus_the_place_and_the_time_the_brokers_if_it_says_one";
    AppendTimeIgnored "the broker's time is not told"
        "semantics::contract::the_offset_is_the_base_plus_the_place_and_the_time_the_brokers_if_it_says_one";
    EverybodyIsCulprit "all records of a batch are blamed for one"
        "semantics::contract::record_errors_name_one_culprit_by_its_error_several_as_invalid_and_spare_the_others";
    CloseForgets "close fails what it has at once"
        "semantics::contract::close_delivers_without_linger_and_at_its_deadline_fails_the_rest";
    SecondCloseLengthens "a second close lengthens the first"
        "flush_close::a_second_close_shortens_the_first_and_never_lengthens_it";
    CloseOutOfOrder "close tells of a batch before an older one that is being compressed"
        "compression::results_keep_the_order_of_sending_though_a_batch_is_being_compressed";
    CloseWakesNobody "close leaves who waits for memory waiting"
        "semantics::contract::close_wakes_who_waits_for_memory";
    ClosedTakesRecords "a closing producer takes records"
        "flush_close::a_closing_producer_takes_no_records";
    TransactionsIgnored "transactional.id is accepted and ignored"
        "semantics::configuration::transactions_are_refused_with_a_reason";
    ZstdUnchecked "zstd goes to brokers that cannot read it"
        "semantics::bytes::a_request_has_one_batch_per_partition_and_zstd_only_where_it_is_known";
    ApiVersionsGivenUp "a broker that does not know our ApiVersions is given up"
        "semantics::bytes::requests_have_the_header_of_their_version_and_answers_are_read_in_it";
    GrownBatchSentPlain "a batch that compression made larger is sent uncompressed"
        "semantics::bytes::a_batch_is_sent_compressed_although_that_made_it_larger";
    IdentityWithoutIdempotence "batches bear a sequence without idempotence"
        "semantics::bytes::a_batch_has_the_sixty_one_bytes_of_format_two";
    SentBeforeNoted "a batch leaves before the journal has its identity"
        "journal::a_batch_leaves_when_its_identity_is_durable_and_not_before";
    DedupWindowIgnored "a batch that brokers may have forgotten is sent again"
        "journal::past_the_window_a_replay_is_unknown_and_not_sent";
    ReplayResent "a replay that the broker does not place is sent under a new epoch"
        "journal::a_replay_that_the_broker_cannot_place_is_unknown";
    LoginSkipped "nobody logs in, although the configuration says so"
        "logins::a_login_comes_after_api_versions_and_before_anything_else";
    ProofUnchecked "the broker's proof that it knows the password is not looked at"
        "logins::a_broker_that_cannot_prove_that_it_knows_the_password_gets_no_records";
    NonceUnchecked "an answer to somebody else's login is taken"
        "logins::nonce_and_iterations_of_the_broker_are_checked";
    IterationsUnchecked "the broker decides alone how often the password is hashed"
        "logins::nonce_and_iterations_of_the_broker_are_checked";
    RefusalWaits "records wait on after their login was refused"
        "logins::a_wrong_password_fails_at_once_and_is_not_tried_again_by_itself";
    RefusedKnocksOn "a client that is not let in dials again by itself"
        "logins::a_wrong_password_fails_at_once_and_is_not_tried_again_by_itself";
    SessionNotRenewed "nobody logs in again before a session ends"
        "logins::a_session_is_renewed_before_it_ends_and_requests_wait_for_it";
    OneRefusalStopsAll "a broker that refuses fails what others lead"
        "logins::one_broker_that_refuses_does_not_stop_the_others";
}

/// All faults.
pub fn all() -> impl Iterator<Item = &'static Description> {
    NAMES.iter().map(|(_, description)| description)
}

/// Whether this fault is selected.
pub(crate) fn is(mutant: Mutant) -> bool {
    static SELECTED: OnceLock<Option<Mutant>> = OnceLock::new();
    let selected = SELECTED.get_or_init(|| {
        let name: String = std::env::var("OTTLA_MUTANT").ok()?;
        let found = NAMES.iter().find(|(_, description)| description.name == name);
        Some(
            found
                .unwrap_or_else(|| panic!("OTTLA_MUTANT={name}: there is no such fault"))
                .0,
        )
    });
    *selected == Some(mutant)
}
