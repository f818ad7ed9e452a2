//! The behaviours that a Kafka producer has, each with the tests that fail when it is broken. `docs/semantics.md` is
//! written from here, and `tests/docs.rs` refuses a test that does not exist.

/// One behaviour.
pub(crate) struct Row {
    /// Counted through all headings.
    pub(crate) number: u32,
    /// In one or two sentences.
    pub(crate) behaviour: &'static str,
    /// The proposal or the class of Kafka's client that it comes from.
    pub(crate) source: &'static str,
    /// `file::module::name` below `crates/ottla-core/tests`, or below `crates/ottla-wire/tests` behind `ottla-wire::`.
    pub(crate) tests: &'static [&'static str],
}

/// Behaviours of one subject.
pub(crate) struct Heading {
    pub(crate) name: &'static str,
    pub(crate) rows: &'static [Row],
}

macro_rules! rows {
    ($($number:literal $behaviour:literal, $source:literal, [$($test:literal),* $(,)?];)*) => {
        &[$(Row { number: $number, behaviour: $behaviour, source: $source, tests: &[$($test),*] }),*]
    };
}

const PARTITIONING: &[Row] = rows! {
    1 "A record goes to its own partition; without one, where the application's partitioner says; without that, where the hash of its key says; without a key, to the sticky partition. A partition that cannot exist refuses the record.",
        "`KafkaProducer.partition`", ["semantics::partitioning::explicit_partition_then_application_then_key_then_sticky"];
    2 "A key's partition is its murmur2 hash without the sign bit, modulo the number of all partitions, with or without a leader.",
        "`Utils.murmur2`", ["semantics::partitioning::keys_are_placed_by_murmur2_over_all_partitions"];
    3 "An empty key is a key and has one place; a null key is none and sticks.",
        "`BuiltInPartitioner`", ["semantics::partitioning::an_empty_key_is_a_key_and_a_null_key_is_none"];
    4 "The sticky partition changes when `batch.size` bytes went there and no batch of it could still grow; at twice that in any case; a change that was held back is made good with the next record.",
        "KIP-794, KAFKA-14156", ["semantics::partitioning::the_sticky_partition_is_kept_until_batch_size_bytes_and_a_full_batch"];
    5 "The next sticky partition is drawn among those with a leader, the less likely the longer its queue is.",
        "KIP-794", ["semantics::partitioning::partitions_with_long_queues_are_chosen_less_often", "semantics::partitioning::the_sticky_partition_is_drawn_among_those_with_a_leader"];
    6 "With `partitioner.availability.timeout.ms`, partitions are left out whose broker has had data waiting for so long and took none; they come back when it does. One without a queue is not left out: its next batch shows whether the broker is well again.",
        "KIP-794, `RecordAccumulator.partitionReady`", ["semantics::partitioning::partitions_of_a_broker_that_takes_nothing_are_avoided_and_come_back", "semantics::partitioning::of_a_broker_that_takes_nothing_partitions_without_a_queue_are_tried_and_then_left_out", "semantics::partitioning::a_partition_without_a_queue_is_tried_whatever_its_broker_did_before"];
};

const ACCUMULATING: &[Row] = rows! {
    7 "`send` shows the record to the application's hook first, then checks whether the producer is open and the record possible, then waits for metadata, chooses the partition and appends. Records that wait for a topic keep their order, and none that comes later overtakes them.",
        "`KafkaProducer.doSend`", ["semantics::accumulating::send_shows_the_record_to_the_application_then_checks_then_waits_then_appends", "semantics::accumulating::records_without_metadata_wait_in_order_and_none_overtakes"];
    8 "A record is too large when its upper bound before compression is above `max.request.size` or `buffer.memory`; it is given back with the bound and the option.",
        "`KafkaProducer.ensureValidRecordSize`", ["semantics::accumulating::the_size_check_uses_the_upper_bound_before_compression"];
    9 "A batch holds what fits into `batch.size`, header included, and its first record whatever its size.",
        "`MemoryRecordsBuilder.hasRoomFor`", ["semantics::accumulating::a_batch_holds_what_fits_into_batch_size_and_its_first_record_always", "batching::a_record_larger_than_batch_size_goes_alone"];
    10 "How well a topic compresses is learned from its batches: worse at once and a little more, better by half a percent each; a split forgets it.",
        "`CompressionRatioEstimator`", ["semantics::accumulating::the_compression_ratio_is_learned_per_topic_slowly_down_and_at_once_up", "semantics::learning::a_worse_ratio_counts_at_once_and_a_little_more_and_a_better_one_by_half_a_percent"];
    11 "A batch that refuses a record is closed at once: a smaller record behind it does not slip in.",
        "`RecordAccumulator.tryAppend`", ["semantics::accumulating::a_batch_that_refuses_a_record_is_closed_at_once"];
    12 "A batch is ready when it is full, when its first record has waited `linger.ms`, when memory is short, during a flush and on closing; never while it backs off, and never without a leader, which asks for metadata.",
        "`RecordAccumulator.ready`", ["semantics::accumulating::a_batch_is_ready_when_it_is_full_or_old_or_flushed_but_never_while_it_backs_off", "memory::batches_do_not_linger_while_somebody_waits_for_memory", "metadata::a_partition_without_leader_keeps_its_records_and_asks_ever_more_slowly"];
    13 "A broker that gets a request gets one batch of each of its partitions, lingering ones too, up to `max.request.size`; rounds begin where the last one ended; a batch larger than that goes alone. A partition that has to wait does not hold up the others.",
        "`RecordAccumulator.drainBatchesForOneNode`", ["batching::a_broker_that_gets_a_request_gets_the_lingering_batches_too", "batching::requests_stay_below_max_request_size_and_the_next_round_begins_where_the_last_ended", "semantics::accumulating::a_batch_larger_than_a_request_goes_alone", "semantics::sending::partitions_take_turns_at_the_front_of_requests"];
    14 "`max.block.ms` is one budget for memory and metadata. Errors that can pass are waited out, and the last one is told; others fail the record at once; a partition that does not exist yet is waited for.",
        "`KafkaProducer.waitOnMetadata`", ["semantics::accumulating::max_block_is_one_budget_and_carries_what_the_cluster_said", "metadata::a_forbidden_topic_fails_its_records_at_once_and_no_others", "timeouts::a_partition_that_does_not_exist_is_waited_for"];
    15 "New topics are asked for alone, with leave to create them; a topic that was not used for `metadata.max.idle.ms` is forgotten, unless it has queued or waiting records.",
        "KIP-526, `ProducerMetadata`", ["metadata::a_new_topic_does_not_ask_for_the_known_ones_again", "metadata::a_topic_is_asked_for_by_name_once_for_all_records_that_wait", "metadata::a_topic_that_nobody_uses_is_forgotten", "metadata::a_topic_with_queued_work_is_not_forgotten", "metadata::a_topic_with_waiting_records_is_not_forgotten"];
    16 "Memory is given out in the order of asking: a small record does not overtake a large one that waits. A record that waits is placed when it is taken, and has used up no turn before. One that waits no longer, since `max.block.ms` is over, leaves its turn to the next.",
        "`BufferPool`", ["memory::a_small_record_does_not_overtake_one_that_waits_for_room", "memory::a_large_record_that_nobody_waits_with_holds_up_no_small_one", "memory::a_full_buffer_gives_records_back_and_room_is_announced_once", "semantics::accumulating::a_record_that_waits_for_memory_is_placed_when_it_is_taken"];
    17 "Memory comes back when a batch is complete, not when it is sent; of a batch that expires in flight when its answer comes or its connection ends.",
        "KAFKA-19012", ["semantics::accumulating::memory_of_a_batch_in_flight_comes_back_with_its_answer_and_not_with_its_expiry"];
    18 "`flush` waits for what was accepted before it, parts of split batches included, and for nothing behind it; nothing lingers meanwhile.",
        "`RecordAccumulator.awaitFlushCompletion`", ["semantics::accumulating::a_flush_ends_although_sending_does_not", "flush_close::a_later_record_does_not_stand_in_for_an_earlier_one", "split::a_flush_waits_for_the_parts"];
    19 "A record has the time that its sender gave it (the shells fill in the moment of `send`); a negative one is refused. Headers cannot change afterwards: the record is handed over.",
        "`KafkaProducer.doSend`", ["semantics::accumulating::timestamps_are_the_senders_and_negative_ones_are_refused"];
};

const BYTES: &[Row] = rows! {
    20 "A batch has the 61 bytes of format 2: leader epoch -1, CRC-32C from the attributes on, the first record's timestamp as base, -1 three times without idempotence.",
        "KIP-98, `DefaultRecordBatch`", ["semantics::bytes::a_batch_has_the_sixty_one_bytes_of_format_two"];
    21 "A record is zigzag varints; null and empty differ, timestamps may go back, header names repeat and keep their order.",
        "`DefaultRecord`", ["semantics::bytes::a_record_is_varints_with_null_and_empty_apart"];
    22 "A request has exactly one batch per partition; zstd goes to brokers that know it only.",
        "KIP-110, `ProduceRequest.validateRecords`", ["semantics::bytes::a_request_has_one_batch_per_partition_and_zstd_only_where_it_is_known"];
    23 "LZ4 is one frame of independent 64 KB blocks with the header checksum that the specification asks for.",
        "`Lz4BlockOutputStream`", ["semantics::bytes::lz4_is_a_frame_of_independent_blocks_that_java_reads", "ottla-wire::codecs::lz4_frames_are_kafkas", "ottla-wire::codecs::sizes_around_blocks_round_trip"];
    24 "Snappy is framed as xerial's stream.",
        "`SnappyCompression`", ["semantics::bytes::snappy_is_framed_as_xerial_does", "ottla-wire::codecs::snappy_streams", "ottla-wire::codecs::sizes_around_blocks_round_trip"];
    25 "Every codec arrives; a batch that compression made larger is sent compressed all the same.",
        "`MemoryRecordsBuilder`", ["semantics::bytes::a_batch_is_sent_compressed_although_that_made_it_larger", "compression::every_codec_arrives"];
    26 "Header and body have the encoding of the version; a broker that does not know our ApiVersions is asked again in the newest that it lists.",
        "KIP-482, KIP-511", ["semantics::bytes::requests_have_the_header_of_their_version_and_answers_are_read_in_it", "connections::a_broker_that_does_not_know_our_api_versions_is_asked_in_its_own"];
};

const SENDING: &[Row] = rows! {
    27 "With `acks=0` a record is done, offset unknown, when its last byte is written; no answer is waited for, and no error is ever known.",
        "`NetworkClient.handleCompletedSends`", ["semantics::sending::without_acks_a_written_record_is_done_and_an_error_is_never_known"];
    28 "Requests of every kind count as in flight, and an allowance limits the bytes that wait to be written. Answers are matched in order; one with another correlation id ends the connection.",
        "`InFlightRequests`", ["semantics::sending::requests_of_every_kind_count_as_in_flight", "connections::no_more_than_the_write_allowance_is_handed_over", "semantics::sending::answers_are_matched_in_order_and_the_correlation_id_is_checked"];
    29 "Metadata that is due goes before batches.",
        "`NetworkClient.isReady`", ["semantics::sending::metadata_that_is_due_goes_before_batches"];
    30 "With `max.in.flight.requests.per.connection=1` a partition has one batch out, wherever its leader moves meanwhile.",
        "`RecordAccumulator.mutePartition`", ["retries::max_in_flight_one_keeps_one_batch_of_a_partition_out", "retries::with_one_in_flight_a_partition_waits_for_its_old_leader_before_it_writes_to_the_new_one"];
    31 "A request that is not answered within `request.timeout.ms` of its last byte ends its connection, and all requests on it fail alike: retriable, and possibly in the log.",
        "`NetworkClient.handleTimedOutRequests`", ["semantics::sending::a_request_timeout_ends_the_connection_with_all_its_requests", "timeouts::the_request_timer_begins_when_the_request_is_written"];
    32 "A throttled answer is an answer. The broker is left in peace by requests of every kind for as long as it asked at most, from the versions on in which the client has to wait; timers of requests that are out are extended.",
        "KIP-219", ["semantics::sending::the_client_is_quiet_where_the_broker_has_not_waited_itself", "semantics::sending::silence_goes_for_requests_of_every_kind_and_answers_of_every_kind_ask_for_it", "connections::throttling_extends_the_timers_of_requests_that_are_out", "semantics::sending::a_shorter_silence_that_is_asked_for_later_does_not_shorten_the_first"];
    33 "A batch that a leader refused goes to a newer one without backoff, whether the answer named it (and where it is) or metadata did.",
        "KIP-951", ["semantics::recovery::an_inline_leader_is_used_without_backoff_if_it_is_newer_and_its_address_is_known", "semantics::recovery::a_newer_epoch_from_metadata_ends_the_backoff_too"];
    34 "A leader of an older epoch is not believed, unless the topic was made anew. Answers without news and failed requests are repeated ever more slowly, and an error that can pass takes no topic away. When every node backs off, when metadata fails for long, or when a broker asks for it, the bootstrap addresses are asked again, until the cluster is found.",
        "KIP-320, KIP-899, KIP-1102", ["semantics::recovery::an_older_leader_epoch_is_ignored_unless_the_topic_was_made_anew", "metadata::a_topic_that_is_being_created_is_asked_for_again_with_backoff", "semantics::recovery::when_every_node_backs_off_the_bootstrap_addresses_are_asked_again", "semantics::recovery::when_metadata_fails_for_long_the_client_begins_again", "semantics::recovery::a_broker_can_send_its_clients_back_to_the_bootstrap_addresses", "semantics::recovery::failed_metadata_requests_are_repeated_ever_more_slowly_for_what_they_were_for", "semantics::recovery::the_bootstrap_addresses_are_left_alone_once_the_cluster_is_found_again", "metadata::a_known_topic_stays_known_when_metadata_has_an_error_of_it_that_can_pass"];
    35 "Produce 13 speaks of topics by id where all ids of a request are known; what they meant is kept with the request.",
        "KIP-516", ["semantics::recovery::topics_are_named_by_id_where_all_ids_are_known", "semantics::recovery::the_meaning_of_topic_ids_is_kept_with_the_request"];
    36 "The pause before a retry doubles, with 20 % of jitter, up to its maximum.",
        "KIP-580", ["retries::the_backoff_doubles_with_a_fifth_of_jitter_up_to_its_maximum"];
};

const IDEMPOTENCE: &[Row] = rows! {
    37 "The producer id is asked of any broker, without transaction, and nothing is drained before it is there; a refusal that can pass is repeated ever more slowly.",
        "KIP-98", ["semantics::idempotence::the_producer_id_is_asked_for_without_transaction_and_before_anything_is_drained", "idempotence::nothing_is_sent_before_there_is_a_producer_id", "semantics::idempotence::a_producer_id_that_cannot_be_had_is_asked_for_ever_more_slowly"];
    38 "Sequences count the records of a partition and are given when a batch is drained; a retry has the same bytes; a batch that expires unsent has used none.",
        "`RecordAccumulator.drainBatchesForOneNode`", ["idempotence::a_retry_has_the_bytes_of_the_first_attempt", "idempotence::sequences_count_records_and_belong_to_the_partition", "semantics::idempotence::a_batch_that_expires_unsent_has_used_no_sequence"];
    39 "Batches that come back are queued in the order of their sequences, and only the lowest may go out while others wait.",
        "`RecordAccumulator.insertInSequenceOrder`", ["retries::several_in_flight_are_retried_in_order", "retries::batches_of_a_broken_connection_keep_their_order_without_idempotence_too"];
    40 "After 2147483647 comes 0, for following batches, for comparisons and for the parts of a split.",
        "`DefaultRecordBatch.incrementSequence`", ["semantics::idempotence::sequences_wrap_from_the_largest_to_zero_and_keep_their_order", "semantics::idempotence::the_parts_of_a_split_wrap_too"];
    41 "A partition's first batch of a new epoch waits until none of the old one is in flight.",
        "`TransactionManager`", ["idempotence::other_partitions_take_the_new_epoch_when_nothing_of_theirs_is_in_flight"];
    42 "The epoch is bumped without asking anybody, for the partitions that need it; the last epoch is followed by a new producer id.",
        "KIP-360", ["semantics::idempotence::an_epoch_is_bumped_without_asking_a_broker", "idempotence::the_last_epoch_is_followed_by_a_new_producer_id"];
    43 "`delivery.timeout.ms` runs from the first record of a batch through queue, retries, flight and split, and ends each of them.",
        "KIP-91", ["timeouts::the_delivery_timeout_covers_retries", "semantics::idempotence::the_delivery_timeout_runs_on_through_a_split", "semantics::idempotence::an_answer_too_large_after_the_deadline_does_not_split", "timeouts::the_delivery_timeout_ends_what_was_never_sent"];
    44 "A batch that expires after it got its sequence stops its partition until its fate is known: stored, and the epoch stays; otherwise a new one begins. The application learns whether it may be in the log.",
        "`TransactionManager.maybeResolveSequences`", ["semantics::idempotence::the_answer_to_an_expired_batch_decides_about_the_epoch", "idempotence::an_expired_batch_of_unknown_fate_stops_its_partition_until_the_fate_is_known", "semantics::idempotence::an_unsent_part_of_a_split_that_expires_leaves_no_gap", "semantics::idempotence::a_doubt_is_left_to_the_stamped_batches_behind_it", "logins::a_batch_that_fails_with_a_refused_login_leaves_its_sequence_in_doubt"];
    45 "The first result of a batch is its result: an answer behind it changes nothing.",
        "`ProducerBatch.done`", ["timeouts::a_batch_that_expires_in_flight_is_told_at_once_and_its_answer_is_ignored"];
    46 "OUT_OF_ORDER_SEQUENCE_NUMBER is retried; a batch that was next, or that was overtaken, under a new epoch.",
        "`TransactionManager.canRetry`", ["idempotence::out_of_order_for_a_batch_that_is_not_next_is_only_retried", "idempotence::out_of_order_for_the_next_batch_bumps_the_epoch_and_renumbers", "idempotence::a_batch_whose_successor_was_taken_gets_a_new_epoch"];
    47 "UNKNOWN_PRODUCER_ID is retried under a new epoch, and under the old one when the partition moved or the batch was renumbered meanwhile.",
        "`TransactionManager.canRetry`", ["idempotence::unknown_producer_id_bumps_the_epoch_unless_the_partition_moved_meanwhile", "semantics::idempotence::an_unknown_producer_id_of_a_batch_that_was_renumbered_meanwhile_is_no_second_reason"];
    48 "DUPLICATE_SEQUENCE_NUMBER is a success whose offset is unknown.",
        "`Sender.completeBatch`", ["idempotence::a_duplicate_is_a_success_without_an_offset"];
    49 "A batch that fails for good gives those behind it a new epoch.",
        "`TransactionManager.handleFailedBatch`", ["semantics::idempotence::a_batch_that_fails_for_good_makes_a_new_epoch_for_those_behind_it"];
    50 "MESSAGE_TOO_LARGE splits a batch by `batch.size`: the parts continue its sequence in order and use up no retry; one record alone fails.",
        "KIP-126", ["split::a_batch_that_is_too_large_is_split_and_arrives_in_order", "split::parts_continue_the_sequence_of_the_whole", "split::a_split_uses_up_no_retry", "split::a_single_record_that_is_too_large_fails_and_those_behind_it_do_not", "split::parts_have_batch_size_and_not_half_of_the_whole"];
};

const CONTRACT: &[Row] = rows! {
    51 "Results of a partition are told in the order of sending, also when batches expire or the producer is closed.",
        "`ProducerBatch.completeFutureAndFireCallbacks`", ["semantics::contract::results_keep_the_order_of_sending_when_batches_expire_or_are_closed", "acknowledgement::results_come_in_the_order_of_sending_within_a_partition", "compression::results_keep_the_order_of_sending_though_a_batch_is_being_compressed"];
    52 "The offset is the batch's plus the place in it; the timestamp the broker's if it says one, else the record's.",
        "`FutureRecordMetadata`", ["semantics::contract::the_offset_is_the_base_plus_the_place_and_the_time_the_brokers_if_it_says_one"];
    53 "Of a batch that is refused because of some records, one culprit has the batch's error, several are INVALID_RECORD, and the others are told that nothing is wrong with them.",
        "KIP-467", ["semantics::contract::record_errors_name_one_culprit_by_its_error_several_as_invalid_and_spare_the_others"];
    54 "`close` takes no more records, delivers what it has without lingering, and at its deadline fails the rest, which a second `close` can bring forward only; who waits for memory is woken.",
        "`KafkaProducer.close`", ["semantics::contract::close_delivers_without_linger_and_at_its_deadline_fails_the_rest", "semantics::contract::close_wakes_who_waits_for_memory", "flush_close::a_closing_producer_takes_no_records", "flush_close::a_second_close_shortens_the_first_and_never_lengthens_it"];
    55 "Transactions are left out: their options are refused with a message that says so, as are those of rack-aware partitioning and of pushed metrics.",
        "KIP-98, KIP-890", ["semantics::configuration::transactions_are_refused_with_a_reason", "semantics::configuration::what_else_is_left_out_is_refused_with_a_reason"];
    56 "A forbidden topic fails its batch and no other. A cluster that forbids idempotence fails everything, and the producer can go on when the right is granted.",
        "`Sender.shouldHandleAuthorizationError`", ["semantics::contract::a_forbidden_topic_fails_its_batch_and_no_other", "idempotence::a_refused_producer_id_fails_what_waits_and_says_what_to_do"];
    57 "SASL: handshake, authentication, the server's signature verified, and again before the session ends.",
        "KIP-43, KIP-84, KIP-368", ["logins::a_login_comes_after_api_versions_and_before_anything_else", "logins::a_broker_that_cannot_prove_that_it_knows_the_password_gets_no_records", "logins::a_wrong_password_fails_at_once_and_is_not_tried_again_by_itself", "logins::a_session_is_renewed_before_it_ends_and_requests_wait_for_it"];
};

/// All of them.
pub(crate) const HEADINGS: &[Heading] = &[
    Heading {
        name: "Partitioning",
        rows: PARTITIONING,
    },
    Heading {
        name: "Accumulating",
        rows: ACCUMULATING,
    },
    Heading {
        name: "Bytes",
        rows: BYTES,
    },
    Heading {
        name: "Sending",
        rows: SENDING,
    },
    Heading {
        name: "Idempotence, sequences, time",
        rows: IDEMPOTENCE,
    },
    Heading {
        name: "What the application is told",
        rows: CONTRACT,
    },
];
