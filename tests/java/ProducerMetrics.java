import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own producer, which does what it reads, a line each, and answers each with a line:
 *
 * <pre>
 * start name=value...                                            ok
 * send topic partition timestamp key header value                ok, or refused CLASS
 * flush                                                          ok
 * await                                                          acknowledged N failed N
 * metrics                                                        group TAB tag TAB name TAB value; ...
 * </pre>
 *
 * Words are separated by tabs. {@code send} returns when {@code KafkaProducer.send} does.
 */
final class ProducerMetrics {
    private static final long LIMIT_SECONDS = 120;

    private final List<Future<RecordMetadata>> pending = new ArrayList<>();
    private KafkaProducer<byte[], byte[]> producer;

    public static void main(String[] args) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var subject = new ProducerMetrics();
        String line;
        while ((line = input.readLine()) != null) {
            System.out.println(subject.answer(line.split("\t", -1)));
            System.out.flush();
        }
        subject.producer.close(Duration.ZERO);
    }

    private String answer(String[] words) throws Exception {
        switch (words[0]) {
            case "start":
                start(words);
                return "ok";
            case "send":
                return send(words);
            case "flush":
                producer.flush();
                return "ok";
            case "await":
                return await();
            case "metrics":
                return metrics();
            default:
                throw new IllegalArgumentException("no such order: " + words[0]);
        }
    }

    private void start(String[] words) {
        var properties = new Properties();
        for (int at = 1; at < words.length; at++) {
            int equals = words[at].indexOf('=');
            properties.put(words[at].substring(0, equals), words[at].substring(equals + 1));
        }
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private String send(String[] words) {
        var record = new ProducerRecord<>(
            words[1], Integer.valueOf(words[2]), Long.valueOf(words[3]), bytes(words[4]), bytes(words[6]));
        if (!words[5].isEmpty()) {
            record.headers().add(words[5], bytes(words[5]));
        }
        pending.add(producer.send(record));
        return "ok";
    }

    private String await() throws Exception {
        int acknowledged = 0;
        int failed = 0;
        for (Future<RecordMetadata> future : pending) {
            try {
                future.get(LIMIT_SECONDS, java.util.concurrent.TimeUnit.SECONDS);
                acknowledged++;
            } catch (java.util.concurrent.ExecutionException refused) {
                failed++;
            }
        }
        pending.clear();
        return "acknowledged " + acknowledged + " failed " + failed;
    }

    private String metrics() {
        var text = new StringBuilder();
        for (Map.Entry<MetricName, ? extends Metric> entry : producer.metrics().entrySet()) {
            MetricName name = entry.getKey();
            if (!(entry.getValue().metricValue() instanceof Double value) || !name.group().startsWith("producer-")) {
                continue;
            }
            String tag = name.tags().getOrDefault("topic", name.tags().getOrDefault("node-id", ""));
            text.append(name.group()).append('\t').append(tag).append('\t');
            text.append(name.name()).append('\t').append(value).append(';');
        }
        return text.toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
