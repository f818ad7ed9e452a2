//! Which struct of the oracle each of ours is, field by field. A field that is missing here does not compile.

use kafka_protocol::messages::*;
use ottla_wire::messages::*;

use crate::mirror::{Mirror, unknown_fields};
use crate::sample::{Gen, Sample};

/// Adds tagged fields that nobody knows; SaslHandshake has no flexible version.
macro_rules! extend {
    (SaslHandshakeRequest, $theirs:ident, $unknown:ident) => {};
    (SaslHandshakeResponse, $theirs:ident, $unknown:ident) => {};
    ($name:ident, $theirs:ident, $unknown:ident) => {
        $theirs.unknown_tagged_fields = unknown_fields($unknown);
    };
}

macro_rules! mirror {
    ($($module:ident::$name:ident = $oracle:ident::$theirs:ident { $($field:ident),* };)*) => { $(
        impl Sample for $module::$name {
            fn sample(g: &mut Gen) -> Self {
                let defaults = Self::default();
                Self {
                    $( $field: g.field(
                        concat!(stringify!($name), ".", stringify!($field)), defaults.$field), )*
                }
            }
        }

        /// In a tagged field. A struct of defaults is never drawn: the oracle would leave it out, which is `None`.
        impl Sample for Option<$module::$name> {
            fn sample(g: &mut Gen) -> Self {
                let value = $module::$name::sample(g);
                (g.below(4) > 0 && value != Default::default()).then_some(value)
            }
        }

        impl Mirror<$oracle::$theirs> for $module::$name {
            fn mirror(&self, unknown: bool) -> $oracle::$theirs {
                let mut theirs = $oracle::$theirs::default();
                $( theirs.$field = self.$field.mirror(unknown); )*
                extend!($name, theirs, unknown);
                theirs
            }
        }

        /// In a tagged field: the oracle has no `None`, a struct of defaults is what it leaves out.
        impl Mirror<$oracle::$theirs> for Option<$module::$name> {
            fn mirror(&self, unknown: bool) -> $oracle::$theirs {
                self.as_ref().map_or_else(Default::default, |value| value.mirror(unknown))
            }
        }
    )* };
}

mirror! {
    produce::ProduceRequest = produce_request::ProduceRequest {
        transactional_id, acks, timeout_ms, topic_data
    };
    produce::TopicProduceData = produce_request::TopicProduceData { name, topic_id, partition_data };
    produce::PartitionProduceData = produce_request::PartitionProduceData { index, records };
    produce::ProduceResponse = produce_response::ProduceResponse {
        responses, throttle_time_ms, node_endpoints
    };
    produce::TopicProduceResponse = produce_response::TopicProduceResponse {
        name, topic_id, partition_responses
    };
    produce::PartitionProduceResponse = produce_response::PartitionProduceResponse {
        index, error_code, base_offset, log_append_time_ms, log_start_offset, record_errors,
        error_message, current_leader
    };
    produce::BatchIndexAndErrorMessage = produce_response::BatchIndexAndErrorMessage {
        batch_index, batch_index_error_message
    };
    produce::LeaderIdAndEpoch = produce_response::LeaderIdAndEpoch { leader_id, leader_epoch };
    produce::NodeEndpoint = produce_response::NodeEndpoint { node_id, host, port, rack };
    fetch::FetchRequest = fetch_request::FetchRequest {
        cluster_id, replica_id, replica_state, max_wait_ms, min_bytes, max_bytes, isolation_level,
        session_id, session_epoch, topics, forgotten_topics_data, rack_id
    };
    fetch::ReplicaState = fetch_request::ReplicaState { replica_id, replica_epoch };
    fetch::FetchTopic = fetch_request::FetchTopic { topic, topic_id, partitions };
    fetch::FetchPartition = fetch_request::FetchPartition {
        partition, current_leader_epoch, fetch_offset, last_fetched_epoch, log_start_offset,
        partition_max_bytes, replica_directory_id, high_watermark
    };
    fetch::ForgottenTopic = fetch_request::ForgottenTopic { topic, topic_id, partitions };
    fetch::FetchResponse = fetch_response::FetchResponse {
        throttle_time_ms, error_code, session_id, responses, node_endpoints
    };
    fetch::FetchableTopicResponse = fetch_response::FetchableTopicResponse { topic, topic_id, partitions };
    fetch::PartitionData = fetch_response::PartitionData {
        partition_index, error_code, high_watermark, last_stable_offset, log_start_offset,
        diverging_epoch, current_leader, snapshot_id, aborted_transactions,
        preferred_read_replica, records
    };
    fetch::EpochEndOffset = fetch_response::EpochEndOffset { epoch, end_offset };
    fetch::LeaderIdAndEpoch = fetch_response::LeaderIdAndEpoch { leader_id, leader_epoch };
    fetch::SnapshotId = fetch_response::SnapshotId { end_offset, epoch };
    fetch::AbortedTransaction = fetch_response::AbortedTransaction { producer_id, first_offset };
    fetch::NodeEndpoint = fetch_response::NodeEndpoint { node_id, host, port, rack };
    list_offsets::ListOffsetsRequest = list_offsets_request::ListOffsetsRequest {
        replica_id, isolation_level, topics, timeout_ms
    };
    list_offsets::ListOffsetsTopic = list_offsets_request::ListOffsetsTopic { name, partitions };
    list_offsets::ListOffsetsPartition = list_offsets_request::ListOffsetsPartition {
        partition_index, current_leader_epoch, timestamp
    };
    list_offsets::ListOffsetsResponse = list_offsets_response::ListOffsetsResponse {
        throttle_time_ms, topics
    };
    list_offsets::ListOffsetsTopicResponse = list_offsets_response::ListOffsetsTopicResponse {
        name, partitions
    };
    list_offsets::ListOffsetsPartitionResponse = list_offsets_response::ListOffsetsPartitionResponse {
        partition_index, error_code, timestamp, offset, leader_epoch
    };
    metadata::MetadataRequest = metadata_request::MetadataRequest {
        topics, allow_auto_topic_creation, include_cluster_authorized_operations,
        include_topic_authorized_operations
    };
    metadata::MetadataRequestTopic = metadata_request::MetadataRequestTopic { topic_id, name };
    metadata::MetadataResponse = metadata_response::MetadataResponse {
        throttle_time_ms, brokers, cluster_id, controller_id, topics,
        cluster_authorized_operations, error_code
    };
    metadata::MetadataResponseBroker = metadata_response::MetadataResponseBroker {
        node_id, host, port, rack
    };
    metadata::MetadataResponseTopic = metadata_response::MetadataResponseTopic {
        error_code, name, topic_id, is_internal, partitions, topic_authorized_operations
    };
    metadata::MetadataResponsePartition = metadata_response::MetadataResponsePartition {
        error_code, partition_index, leader_id, leader_epoch, replica_nodes, isr_nodes,
        offline_replicas
    };
    find_coordinator::FindCoordinatorRequest = find_coordinator_request::FindCoordinatorRequest {
        key, key_type, coordinator_keys
    };
    find_coordinator::FindCoordinatorResponse = find_coordinator_response::FindCoordinatorResponse {
        throttle_time_ms, error_code, error_message, node_id, host, port, coordinators
    };
    find_coordinator::Coordinator = find_coordinator_response::Coordinator {
        key, node_id, host, port, error_code, error_message
    };
    sasl::SaslHandshakeRequest = sasl_handshake_request::SaslHandshakeRequest { mechanism };
    sasl::SaslHandshakeResponse = sasl_handshake_response::SaslHandshakeResponse { error_code, mechanisms };
    sasl::SaslAuthenticateRequest = sasl_authenticate_request::SaslAuthenticateRequest { auth_bytes };
    sasl::SaslAuthenticateResponse = sasl_authenticate_response::SaslAuthenticateResponse {
        error_code, error_message, auth_bytes, session_lifetime_ms
    };
    api_versions::ApiVersionsRequest = api_versions_request::ApiVersionsRequest {
        client_software_name, client_software_version
    };
    api_versions::ApiVersionsResponse = api_versions_response::ApiVersionsResponse {
        error_code, api_keys, throttle_time_ms, supported_features, finalized_features_epoch,
        finalized_features, zk_migration_ready
    };
    api_versions::ApiVersion = api_versions_response::ApiVersion { api_key, min_version, max_version };
    api_versions::SupportedFeatureKey = api_versions_response::SupportedFeatureKey {
        name, min_version, max_version
    };
    api_versions::FinalizedFeatureKey = api_versions_response::FinalizedFeatureKey {
        name, max_version_level, min_version_level
    };
    create_topics::CreateTopicsRequest = create_topics_request::CreateTopicsRequest {
        topics, timeout_ms, validate_only
    };
    create_topics::CreatableTopic = create_topics_request::CreatableTopic {
        name, num_partitions, replication_factor, assignments, configs
    };
    create_topics::CreatableReplicaAssignment = create_topics_request::CreatableReplicaAssignment {
        partition_index, broker_ids
    };
    create_topics::CreatableTopicConfig = create_topics_request::CreatableTopicConfig { name, value };
    create_topics::CreateTopicsResponse = create_topics_response::CreateTopicsResponse {
        throttle_time_ms, topics
    };
    create_topics::CreatableTopicResult = create_topics_response::CreatableTopicResult {
        name, topic_id, error_code, error_message, topic_config_error_code, num_partitions,
        replication_factor, configs
    };
    create_topics::CreatableTopicConfigs = create_topics_response::CreatableTopicConfigs {
        name, value, read_only, config_source, is_sensitive
    };
    delete_topics::DeleteTopicsRequest = delete_topics_request::DeleteTopicsRequest {
        topics, topic_names, timeout_ms
    };
    delete_topics::DeleteTopicState = delete_topics_request::DeleteTopicState { name, topic_id };
    delete_topics::DeleteTopicsResponse = delete_topics_response::DeleteTopicsResponse {
        throttle_time_ms, responses
    };
    delete_topics::DeletableTopicResult = delete_topics_response::DeletableTopicResult {
        name, topic_id, error_code, error_message
    };
    describe_configs::DescribeConfigsRequest = describe_configs_request::DescribeConfigsRequest {
        resources, include_synonyms, include_documentation
    };
    describe_configs::DescribeConfigsResource = describe_configs_request::DescribeConfigsResource {
        resource_type, resource_name, configuration_keys
    };
    describe_configs::DescribeConfigsResponse = describe_configs_response::DescribeConfigsResponse {
        throttle_time_ms, results
    };
    describe_configs::DescribeConfigsResult = describe_configs_response::DescribeConfigsResult {
        error_code, error_message, resource_type, resource_name, configs
    };
    describe_configs::DescribeConfigsResourceResult = describe_configs_response::DescribeConfigsResourceResult {
        name, value, read_only, config_source, is_sensitive, synonyms, config_type, documentation
    };
    describe_configs::DescribeConfigsSynonym = describe_configs_response::DescribeConfigsSynonym {
        name, value, source
    };
    describe_topic_partitions::DescribeTopicPartitionsRequest =
        describe_topic_partitions_request::DescribeTopicPartitionsRequest {
            topics, response_partition_limit, cursor
        };
    describe_topic_partitions::TopicRequest = describe_topic_partitions_request::TopicRequest { name };
    describe_topic_partitions::DescribeTopicPartitionsResponse =
        describe_topic_partitions_response::DescribeTopicPartitionsResponse {
            throttle_time_ms, topics, next_cursor
        };
    describe_topic_partitions::DescribeTopicPartitionsResponseTopic =
        describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic {
            error_code, name, topic_id, is_internal, partitions, topic_authorized_operations
        };
    describe_topic_partitions::DescribeTopicPartitionsResponsePartition =
        describe_topic_partitions_response::DescribeTopicPartitionsResponsePartition {
            error_code, partition_index, leader_id, leader_epoch, replica_nodes, isr_nodes,
            eligible_leader_replicas, last_known_elr, offline_replicas
        };
    create_partitions::CreatePartitionsRequest = create_partitions_request::CreatePartitionsRequest {
        topics, timeout_ms, validate_only
    };
    create_partitions::CreatePartitionsTopic = create_partitions_request::CreatePartitionsTopic {
        name, count, assignments
    };
    create_partitions::CreatePartitionsAssignment = create_partitions_request::CreatePartitionsAssignment {
        broker_ids
    };
    create_partitions::CreatePartitionsResponse = create_partitions_response::CreatePartitionsResponse {
        throttle_time_ms, results
    };
    create_partitions::CreatePartitionsTopicResult = create_partitions_response::CreatePartitionsTopicResult {
        name, error_code, error_message
    };
    incremental_alter_configs::IncrementalAlterConfigsRequest =
        incremental_alter_configs_request::IncrementalAlterConfigsRequest { resources, validate_only };
    incremental_alter_configs::AlterConfigsResource = incremental_alter_configs_request::AlterConfigsResource {
        resource_type, resource_name, configs
    };
    incremental_alter_configs::AlterableConfig = incremental_alter_configs_request::AlterableConfig {
        name, config_operation, value
    };
    incremental_alter_configs::IncrementalAlterConfigsResponse =
        incremental_alter_configs_response::IncrementalAlterConfigsResponse { throttle_time_ms, responses };
    incremental_alter_configs::AlterConfigsResourceResponse =
        incremental_alter_configs_response::AlterConfigsResourceResponse {
            error_code, error_message, resource_type, resource_name
        };
    init_producer_id::InitProducerIdRequest = init_producer_id_request::InitProducerIdRequest {
        transactional_id, transaction_timeout_ms, producer_id, producer_epoch
    };
    init_producer_id::InitProducerIdResponse = init_producer_id_response::InitProducerIdResponse {
        throttle_time_ms, error_code, producer_id, producer_epoch
    };
}

/// The oracle has the cursor twice: a request's and a response's.
macro_rules! cursor {
    ($($oracle:ident)*) => { $(
        impl Mirror<Option<$oracle::Cursor>> for describe_topic_partitions::Nullable<describe_topic_partitions::Cursor> {
            fn mirror(&self, unknown: bool) -> Option<$oracle::Cursor> {
                self.0.as_ref().map(|ours| {
                    let mut theirs = $oracle::Cursor::default();
                    theirs.topic_name = ours.topic_name.mirror(unknown);
                    theirs.partition_index = ours.partition_index;
                    theirs.unknown_tagged_fields = unknown_fields(unknown);
                    theirs
                })
            }
        }
    )* };
}

cursor!(describe_topic_partitions_request describe_topic_partitions_response);

impl Sample for describe_topic_partitions::Nullable<describe_topic_partitions::Cursor> {
    fn sample(g: &mut Gen) -> Self {
        let cursor = describe_topic_partitions::Cursor {
            topic_name: String::sample(g),
            partition_index: i32::sample(g),
        };
        Self((g.below(4) > 0).then_some(cursor))
    }
}
