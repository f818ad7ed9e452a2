//! Words with numbers and names in them.

use ottla_trace::event::NodeId;

use super::{Josa, Lang, Word, josa, number};

impl Lang {
    /// `Broker 3`.
    pub fn broker(self, node: NodeId) -> String {
        match self {
            Self::En => format!("Broker {node}"),
            Self::Ko => format!("브로커 {node}"),
        }
    }

    /// `broker 3`, inside a sentence or an axis.
    pub fn broker_small(self, node: NodeId) -> String {
        match self {
            Self::En => format!("broker {node}"),
            Self::Ko => self.broker(node),
        }
    }

    /// `Kill broker 3` or `Restart broker 3`, the name of a button.
    pub fn kill_or_restart(self, node: NodeId, kill: bool) -> String {
        let act = self.word(if kill { Word::Kill } else { Word::Restart });
        match self {
            Self::En => format!("{act} {}", self.broker_small(node)),
            Self::Ko => format!("{} {act}", self.broker(node)),
        }
    }

    /// `leader: broker 1`.
    pub fn leader(self, node: NodeId) -> String {
        if node < 0 {
            return self.word(Word::NoLeader).to_owned();
        }
        match self {
            Self::En => format!("leader: broker {node}"),
            Self::Ko => format!("리더: 브로커 {node}"),
        }
    }

    /// `24 sends`.
    pub fn sends(self, n: u64) -> String {
        let count = number::count(n);
        match self {
            Self::En if n == 1 => "1 send".to_owned(),
            Self::En => format!("{count} sends"),
            Self::Ko => format!("send() {count}번"),
        }
    }

    /// `the last 24 of 300 sends`.
    pub fn last_sends(self, shown: u64, n: u64) -> String {
        let count = number::count(n);
        match self {
            Self::En => format!("{count} sends, last {shown}"),
            Self::Ko => format!("send() {count}번 중 마지막 {shown}개"),
        }
    }

    /// `13 told OK, 11 waiting`.
    pub fn told_of(self, ok: u64, waiting: u64) -> String {
        let (ok, waiting) = (number::count(ok), number::count(waiting));
        match self {
            Self::En => format!("{ok} told OK, {waiting} waiting"),
            Self::Ko => format!("성공 {ok} · 대기 {waiting}"),
        }
    }

    /// `lingering, 2.5 of 5 ms`.
    pub fn lingering(self, gone: u64, linger: u64) -> String {
        let (part, limit) = (number::part(gone, linger), number::limit(linger));
        match self {
            Self::En => format!("lingering, {part} of {limit}"),
            Self::Ko => format!("linger {limit} 중 {part}"),
        }
    }

    /// `1 of 5 in flight`.
    pub fn in_flight(self, n: usize, max: u64) -> String {
        match self {
            Self::En => format!("{n} of {max} in flight"),
            Self::Ko => format!("전송 중 {n} / {max}"),
        }
    }

    /// `800 of 1024 B`.
    pub fn memory(self, used: u64, total: u64) -> String {
        let (used, total) = (number::bytes(used), number::bytes(total));
        match self {
            Self::En => format!("{used} of {total}"),
            Self::Ko => format!("{total} 중 {used}"),
        }
    }

    /// `killed 4 ms ago`.
    pub fn killed(self, ago: u64) -> String {
        if ago == 0 {
            return self.word(Word::KilledNow).to_owned();
        }
        let ago = number::duration(ago);
        match self {
            Self::En => format!("killed {ago} ago"),
            Self::Ko => format!("{ago} 전 강제 종료"),
        }
    }

    /// `fenced in 9 s`.
    pub fn fenced_in(self, left: u64) -> String {
        let left = number::duration(left);
        match self {
            Self::En => format!("fenced in {left}"),
            Self::Ko => format!("{left} 뒤 제외"),
        }
    }

    /// `Broker 3 does not answer.`
    pub fn silent(self, node: NodeId) -> String {
        let name = self.broker(node);
        match self {
            Self::En => format!("{name} does not answer."),
            Self::Ko => format!("{name}{} 응답하지 않아요.", josa(&name, Josa::IGa)),
        }
    }

    /// `waits for broker 3`, of a batch.
    pub fn waits_for(self, node: NodeId) -> String {
        match self {
            Self::En => format!("waits for broker {node}"),
            Self::Ko => format!("브로커 {node} 기다리는 중"),
        }
    }

    /// `throttled, 1.2 s left`.
    pub fn throttled(self, left: u64) -> String {
        let left = number::duration(left);
        match self {
            Self::En => format!("throttled, {left} left"),
            Self::Ko => format!("속도 제한, {left} 남음"),
        }
    }

    /// `waits for metadata, 1.2 of 60 s`.
    pub fn awaiting(self, gone: u64, limit: u64) -> String {
        let (part, limit) = (number::part(gone, limit), number::limit(limit));
        match self {
            Self::En => format!("waits for metadata, {part} of {limit}"),
            Self::Ko => format!("메타데이터 대기, {limit} 중 {part}"),
        }
    }

    /// `broker 3 killed`, on the timeline.
    pub fn marker_killed(self, node: NodeId) -> String {
        match self {
            Self::En => format!("broker {node} killed"),
            Self::Ko => format!("브로커 {node} 강제 종료"),
        }
    }

    /// `broker 3 frozen`, on the timeline.
    pub fn marker_paused(self, node: NodeId) -> String {
        match self {
            Self::En => format!("broker {node} frozen"),
            Self::Ko => format!("브로커 {node} 멈춤"),
        }
    }

    /// `broker 3 starts again`, on the timeline.
    pub fn marker_back(self, node: NodeId) -> String {
        match self {
            Self::En => format!("broker {node} starts again"),
            Self::Ko => format!("브로커 {node} 다시 시작"),
        }
    }

    /// `broker 1 takes over`, on the timeline.
    pub fn marker_takes_over(self, node: NodeId) -> String {
        let name = self.broker(node);
        match self {
            Self::En => format!("broker {node} takes over"),
            Self::Ko => format!("{name}{} 리더를 이어받음", josa(&name, Josa::IGa)),
        }
    }

    /// `9 events missing`, on the timeline.
    pub fn marker_missing(self, n: u64) -> String {
        match self {
            Self::En => format!("{n} events missing"),
            Self::Ko => format!("이벤트 {n}개 빠짐"),
        }
    }

    /// `and 4 more partitions`.
    pub fn more_partitions(self, n: usize) -> String {
        match self {
            Self::En => format!("and {n} more partitions"),
            Self::Ko => format!("그 밖에 파티션 {n}개"),
        }
    }

    /// `and 4 more brokers`.
    pub fn more_brokers(self, n: usize) -> String {
        match self {
            Self::En => format!("and {n} more brokers"),
            Self::Ko => format!("그 밖에 브로커 {n}대"),
        }
    }

    /// `2 batches`.
    pub fn batches(self, n: usize) -> String {
        match self {
            Self::En if n == 1 => "1 batch".to_owned(),
            Self::En => format!("{n} batches"),
            Self::Ko => format!("배치 {n}개"),
        }
    }

    /// `and 37 more batches, 4 625 records`.
    pub fn more_batches(self, n: usize, records: u64) -> String {
        let (batches, records) = (self.batches(n), self.records(records));
        match self {
            Self::En if n == 1 => format!("and 1 more batch, {records}"),
            Self::En => format!("and {n} more batches, {records}"),
            Self::Ko => format!("그 밖에 {batches}, {records}"),
        }
    }

    /// `and 113 more records`.
    pub fn more_records(self, n: u64) -> String {
        match self {
            Self::En if n == 1 => "and 1 more record".to_owned(),
            Self::En => format!("and {} more records", number::count(n)),
            Self::Ko => format!("그 밖에 {}", self.records(n)),
        }
    }

    /// `3 records`.
    pub fn records(self, n: u64) -> String {
        match self {
            Self::En if n == 1 => "1 record".to_owned(),
            Self::En => format!("{} records", number::count(n)),
            Self::Ko => format!("레코드 {}개", number::count(n)),
        }
    }

    /// `every partition on three brokers`, with the numbers that there are.
    pub fn cluster_sub(self, brokers: usize, replicas: usize) -> String {
        match self {
            _ if (brokers, replicas) == (3, 3) => self.word(Word::ClusterSub).to_owned(),
            Self::En => format!("{brokers} brokers, {replicas} copies of each partition"),
            Self::Ko => format!("브로커 {brokers}대, 파티션마다 복제본 {replicas}개"),
        }
    }

    /// `Record 15`.
    pub fn record(self, id: u64) -> String {
        let id = number::count(id);
        match self {
            Self::En => format!("Record {id}"),
            Self::Ko => format!("레코드 {id}"),
        }
    }

    /// `key kim, orders-2`.
    pub fn record_sub(self, key: Option<&str>, place: &str) -> String {
        match (self, key) {
            (Self::En, Some(key)) => format!("key {key}, {place}"),
            (Self::En, None) => format!("no key, {place}"),
            (Self::Ko, Some(key)) => format!("키 {key}, {place}"),
            (Self::Ko, None) => format!("키 없음, {place}"),
        }
    }

    /// `22 B, in a batch of 106 B`.
    pub fn size(self, record: u64, batch: u64) -> String {
        let (record, batch) = (number::bytes(record), number::bytes(batch));
        match self {
            Self::En => format!("{record}, in a batch of {batch}"),
            Self::Ko => format!("{record}, 배치 {batch} 안에"),
        }
    }

    /// `119.98 s left of 120 s`.
    pub fn deadline(self, left: u64, limit: u64) -> String {
        let left = number::fixed(left as f64 / 1_000_000.0, 2) + " s";
        let limit = number::limit(limit);
        match self {
            Self::En => format!("{left} left of {limit}"),
            Self::Ko => format!("{limit} 중 {left} 남음"),
        }
    }

    /// `1/10 of the clock`, a choice of the dock.
    pub fn speed(self, times: f64) -> String {
        if times >= 1.0 {
            number::fixed(times, 0) + "\u{d7}"
        } else {
            format!("1/{}\u{d7}", number::fixed(1.0 / times, 0))
        }
    }

    /// What is said aloud when a record was told OK.
    pub fn say_told_ok(self, place: &str, offset: i64, took: u64) -> String {
        let took = number::duration(took);
        match (self, offset >= 0) {
            (Self::En, true) => format!("Told OK: {place}, offset {offset}, after {took}."),
            (Self::En, false) => format!("Told OK: {place}, offset unknown, after {took}."),
            (Self::Ko, true) => format!("성공 응답을 받았어요: {place}, 오프셋 {offset}, {took}."),
            (Self::Ko, false) => format!("성공 응답을 받았어요: {place}, 오프셋 모름, {took}."),
        }
    }

    /// What is said while the last sent record waits.
    pub fn say_waiting(self, id: u64) -> String {
        match self {
            Self::En => format!("Record {id} is on its way."),
            Self::Ko => format!("레코드 {id}{} 가고 있어요.", josa(&id.to_string(), Josa::IGa)),
        }
    }
}
