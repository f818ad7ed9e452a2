//! Reasons as sentences: what, why, what next.

use ottla_trace::event::{NodeId, Persisted};

use super::{Josa, Lang, Word, josa, number};
use crate::why::{PhaseKind, Why};

fn percent(part: f32) -> String {
    number::fixed(f64::from(part) * 100.0, 0)
}

impl Lang {
    /// The reason as a sentence or two.
    pub fn why(self, why: &Why) -> String {
        match self {
            Self::En => english(why),
            Self::Ko => korean(why),
        }
    }

    /// The name of a phase in the waterfall.
    pub fn phase(self, kind: PhaseKind) -> String {
        let word = match kind {
            PhaseKind::Send => Word::PhaseSend,
            PhaseKind::Metadata => Word::PhaseMetadata,
            PhaseKind::Linger => Word::PhaseLinger,
            PhaseKind::Queue => Word::PhaseQueue,
            PhaseKind::Flight(_) => Word::PhaseFlight,
            PhaseKind::Retry => Word::PhaseRetry,
        };
        match kind {
            PhaseKind::Flight(n) if n > 1 => format!("{} {n}", self.word(word)),
            _ => self.word(word).to_owned(),
        }
    }

    /// Whether it is in the log.
    pub fn persisted(self, persisted: Persisted) -> &'static str {
        self.word(match persisted {
            Persisted::No => Word::PersistedNo,
            Persisted::Possibly => Word::PersistedPossibly,
            Persisted::Yes => Word::PersistedYes,
        })
    }
}

fn list(nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[allow(clippy::too_many_lines, reason = "one arm for each reason, each one sentence")]
fn english(why: &Why) -> String {
    let d = number::duration;
    match why {
        Why::Entering => "send() is at work on it: interceptors, serializer, partitioner.".to_owned(),
        Why::NoMetadata { gone, limit } => format!(
            "The client does not know this topic yet and has asked for its metadata {} ago. It waits at most max.block.ms, {}.",
            d(*gone),
            number::limit(*limit)
        ),
        Why::Lingering {
            gone,
            linger,
            bytes,
            capacity,
        } => format!(
            "Its batch is open for others: {bytes} of {capacity} bytes, {} of linger.ms {} gone. Then it is sent as it is.",
            d(*gone),
            number::limit(*linger)
        ),
        Why::Behind { ahead: 1 } => "Its batch is closed. One batch of the same partition goes first.".to_owned(),
        Why::Behind { ahead } => format!("Its batch is closed. {ahead} batches of the same partition go first."),
        Why::TooManyInFlight { node, max } => format!(
            "Its batch is closed, but broker {node} already has {max} requests to answer: max.in.flight.requests.per.connection."
        ),
        Why::NoLeader => {
            "Its batch is closed, but its partition has no leader. The client asks for metadata until it has one.".to_owned()
        }
        Why::NoConnection { node, cut: true } => {
            format!("Its batch is closed, but the connection to broker {node}, the leader as the client knows it, is cut.")
        }
        Why::NoConnection { node, cut: false } => {
            format!("Its batch is closed and waits for a connection to broker {node}, its leader.")
        }
        Why::Ready => "Its batch is closed. The sender takes it in its next round.".to_owned(),
        Why::SentAgain { .. } => english_again(why),
        Why::OnItsWay { node, part: Some(part) } => {
            format!("It is on its way to broker {node}, {} % of it behind.", percent(*part))
        }
        Why::OnItsWay { node, part: None } => {
            format!("It was written to the connection to broker {node} and is not answered. Where it is cannot be seen from here.")
        }
        Why::WaitsForFollowers { node, missing } => format!(
            "Broker {node} has it in its log. With acks=all it answers when every in-sync replica has it; missing: {}.",
            list(missing)
        ),
        Why::AtBroker { node } => format!("Broker {node} has the request and will answer."),
        Why::AnswerComing { node } => format!("The answer of broker {node} is on its way back."),
        Why::ToldOk {
            offset,
            took,
            attempts,
        } => {
            let again = match attempts {
                0 | 1 => String::new(),
                n => format!(" It was sent {n} times."),
            };
            if *offset < 0 {
                format!("Handed to the connection after {}. With acks=0 nobody says whether it arrived.{again}", d(*took))
            } else {
                format!("It is in the log at offset {offset}. Your code was told after {}.{again}", d(*took))
            }
        }
        Why::Lost { offset } => format!(
            "Your code was told OK, and the record is in no live log: it had offset {offset} on a leader that died before the others had copied it."
        ),
        Why::Failed {
            error,
            persisted,
            took,
        } => {
            let may = match persisted {
                Persisted::No => "It is in no log.",
                Persisted::Possibly => "It may be in the log nevertheless: it was written and never answered.",
                Persisted::Yes => "The leader has it nevertheless.",
            };
            format!("Failed with {error} after {}. {may}", d(*took))
        }
    }
}

fn english_again(why: &Why) -> String {
    let Why::SentAgain {
        because,
        node,
        left,
        persisted,
        appended,
        dead,
    } = why
    else {
        return String::new();
    };
    let what = match (appended, dead, persisted) {
        (true, true, _) => {
            format!(
                "Broker {node} appended it and died before answering, so the client will send the same bytes again."
            )
        }
        (true, false, _) => {
            format!(
                "Broker {node} appended it, but its answer never came, so the client will send the same bytes again."
            )
        }
        (false, true, _) => {
            format!(
                "Broker {node} died before it had the record, so the client will send the same bytes again."
            )
        }
        (false, false, Persisted::No) => {
            format!(
                "Broker {node} refused it with {because}. That may pass, so the client will send it again."
            )
        }
        (false, false, _) => {
            format!(
                "It was sent to broker {node} and not answered ({because}), so the client will send the same bytes again."
            )
        }
    };
    if *left > 0 {
        format!("{what} Not before {}: retry.backoff.ms.", number::duration(*left))
    } else {
        format!("{what} It waits for a leader that answers.")
    }
}

fn broker(node: NodeId, particle: Josa) -> String {
    let name = Lang::Ko.broker(node);
    format!("{name}{}", josa(&name, particle))
}

#[allow(clippy::too_many_lines, reason = "one arm for each reason, each one sentence")]
fn korean(why: &Why) -> String {
    let d = number::duration;
    match why {
        Why::Entering => "send()가 처리하고 있어요: 인터셉터, 직렬화, 파티셔너.".to_owned(),
        Why::NoMetadata { gone, limit } => format!(
            "클라이언트가 이 토픽을 아직 몰라서 {} 전에 메타데이터를 요청했어요. 길어야 max.block.ms, {}까지 기다려요.",
            d(*gone),
            number::limit(*limit)
        ),
        Why::Lingering {
            gone,
            linger,
            bytes,
            capacity,
        } => format!(
            "배치가 다른 레코드를 더 받고 있어요: {capacity}바이트 중 {bytes}바이트, linger.ms {} 중 {} 지남. 끝나면 그대로 보내요.",
            number::limit(*linger),
            d(*gone)
        ),
        Why::Behind { ahead } => format!("배치가 닫혔어요. 같은 파티션의 배치 {ahead}개가 먼저 가요."),
        Why::TooManyInFlight { node, max } => format!(
            "배치가 닫혔지만 {} 응답할 요청이 이미 {max}개예요: max.in.flight.requests.per.connection.",
            broker(*node, Josa::IGa)
        ),
        Why::NoLeader => {
            "배치가 닫혔지만 파티션에 리더가 없어요. 리더가 생길 때까지 메타데이터를 물어봐요.".to_owned()
        }
        Why::NoConnection { node, cut: true } => format!(
            "배치가 닫혔지만, 클라이언트가 리더로 아는 {} 연결이 끊겼어요.",
            broker(*node, Josa::GwaWa)
        ),
        Why::NoConnection { node, cut: false } => format!(
            "배치가 닫혔고, 리더인 {} 연결되기를 기다려요.",
            broker(*node, Josa::GwaWa)
        ),
        Why::Ready => "배치가 닫혔어요. 센더가 다음 차례에 가져가요.".to_owned(),
        Why::SentAgain { .. } => korean_again(why),
        Why::OnItsWay {
            node,
            part: Some(part),
        } => {
            format!(
                "{} 가는 길이에요. {} % 왔어요.",
                broker(*node, Josa::EuroRo),
                percent(*part)
            )
        }
        Why::OnItsWay { node, part: None } => format!(
            "{} 가는 연결에 썼고 아직 응답이 없어요. 어디쯤인지는 여기서 볼 수 없어요.",
            broker(*node, Josa::EuroRo)
        ),
        Why::WaitsForFollowers { node, missing } => format!(
            "{} 로그에 썼어요. acks=all이면 동기화된 복제본이 모두 가져가야 응답해요. 남은 복제본: {}.",
            broker(*node, Josa::IGa),
            list(missing)
        ),
        Why::AtBroker { node } => format!("{} 요청을 받았고 곧 응답해요.", broker(*node, Josa::IGa)),
        Why::AnswerComing { node } => format!("{}의 응답이 돌아오는 중이에요.", Lang::Ko.broker(*node)),
        Why::ToldOk {
            offset,
            took,
            attempts,
        } => {
            let again = match attempts {
                0 | 1 => String::new(),
                n => format!(" {n}번 보냈어요."),
            };
            if *offset < 0 {
                format!(
                    "{} 뒤 연결에 넘겼어요. acks=0이면 도착했는지 아무도 알려 주지 않아요.{again}",
                    d(*took)
                )
            } else {
                format!(
                    "로그의 오프셋 {offset}에 있어요. 내 코드는 {} 만에 응답을 받았어요.{again}",
                    d(*took)
                )
            }
        }
        Why::Lost { offset } => format!(
            "성공 응답을 받았는데 살아 있는 로그에 없어요. 다른 브로커가 복사하기 전에 죽은 리더의 오프셋 {offset}에 있었어요."
        ),
        Why::Failed {
            error,
            persisted,
            took,
        } => {
            let may = match persisted {
                Persisted::No => "어느 로그에도 없어요.",
                Persisted::Possibly => "그래도 로그에 있을 수 있어요. 썼지만 응답을 받지 못했어요.",
                Persisted::Yes => "그래도 리더에는 있어요.",
            };
            format!(
                "{} 뒤 {error}{} 실패했어요. {may}",
                d(*took),
                josa(error, Josa::EuroRo)
            )
        }
    }
}

fn korean_again(why: &Why) -> String {
    let Why::SentAgain {
        because,
        node,
        left,
        persisted,
        appended,
        dead,
    } = why
    else {
        return String::new();
    };
    let who = broker(*node, Josa::IGa);
    let what = match (appended, dead, persisted) {
        (true, true, _) => {
            format!("{who} 로그에 쓰고 응답하기 전에 죽었어요. 그래서 같은 바이트를 다시 보내요.")
        }
        (true, false, _) => {
            format!("{who} 로그에 썼지만 응답이 오지 않았어요. 그래서 같은 바이트를 다시 보내요.")
        }
        (false, true, _) => format!("{who} 레코드를 받기 전에 죽었어요. 그래서 같은 바이트를 다시 보내요."),
        (false, false, Persisted::No) => format!(
            "{who} {because}{} 거절했어요. 일시적일 수 있는 오류라서 다시 보내요.",
            josa(because, Josa::EuroRo)
        ),
        (false, false, _) => format!(
            "{} 보냈지만 응답이 없어요({because}). 그래서 같은 바이트를 다시 보내요.",
            broker(*node, Josa::EuroRo)
        ),
    };
    if *left > 0 {
        format!(
            "{what} 빨라도 {} 뒤예요: retry.backoff.ms.",
            number::duration(*left)
        )
    } else {
        format!("{what} 응답하는 리더를 기다려요.")
    }
}
