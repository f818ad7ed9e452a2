//! The fixed words.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $en:literal, $ko:literal;)+) => {
        /// A fixed word or sentence of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the words document themselves")]
        pub enum Word { $($name,)+ }

        impl Word {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// English, 한국어.
            pub(super) const fn both(self) -> [&'static str; 2] {
                match self { $(Self::$name => [$en, $ko],)+ }
            }
        }
    };
}

words! {
    Title: "ottla: a Kafka producer at work", "ottla: 일하는 Kafka 프로듀서";
    // the first frame
    Headline: "Records travel from your app to three brokers. Break something.", "레코드가 앱에서 브로커 세 대로 이동해요. 하나쯤 고장 내 보세요.";
    RealClient: "The client is the real one, compiled to WebAssembly. Only the network and the brokers are simulated.", "클라이언트는 진짜예요. WebAssembly로 컴파일한 그대로 돌고, 네트워크와 브로커만 시뮬레이션이에요.";
    LiveHeadline: "Your own Kafka, through the bridge.", "브리지를 지나, 내 Kafka로.";
    LiveUnder: "This tab is the producer. It shows what it sends and what it is told. A client cannot see into brokers, so those parts are hatched.", "이 탭이 프로듀서예요. 보낸 것과 받은 응답만 보여요. 클라이언트는 브로커 안을 볼 수 없어서 그 부분은 빗금으로 그려요.";
    SimulatedHeadline: "A real connection to simulated brokers.", "시뮬레이션 브로커에 진짜로 연결해요.";
    SimulatedUnder: "This tab is the producer; WebSocket, bridge and TCP are real, and any Kafka client can read along. A client cannot see into brokers, so those parts are hatched.", "이 탭이 프로듀서예요. WebSocket, 브리지, TCP는 모두 진짜이고, 어떤 Kafka 클라이언트로도 읽을 수 있어요. 클라이언트는 브로커 안을 볼 수 없어서 그 부분은 빗금으로 그려요.";
    TraceHeadline: "Open a trace.", "트레이스를 열어 보세요.";
    TraceUnder: "See again what a producer did, event by event. The file stays on this machine.", "프로듀서가 한 일을 이벤트 하나하나 다시 볼 수 있어요. 파일은 이 컴퓨터를 떠나지 않아요.";
    TraceHow: "The command line writes one:", "명령줄에서 이렇게 기록해요:";
    // header
    Sandbox: "Sandbox", "샌드박스";
    Live: "Live", "라이브";
    TraceFile: "Trace", "트레이스";
    Sources: "Where the events come from", "이벤트를 가져올 곳";
    OtherLanguage: "한국어", "English";
    Light: "Light", "라이트";
    Dark: "Dark", "다크";
    Keys: "Shortcuts", "단축키";
    Close: "Close", "닫기";
    SkipToStage: "Skip to the pipeline", "파이프라인으로 건너뛰기";
    // the form
    Topic: "Topic", "토픽";
    Key: "Key", "키";
    Value: "Value", "값";
    Headers: "Headers", "헤더";
    HeadersHint: "name=value, one per line", "이름=값, 한 줄에 하나씩";
    Partition: "Partition", "파티션";
    Auto: "by key", "키로 정함";
    NoKey: "no key", "키 없음";
    NoValue: "no value (tombstone)", "값 없음 (tombstone)";
    Acks: "acks", "acks";
    Send: "Send", "보내기";
    SendMany: "Send 24", "24개 보내기";
    More: "More options", "옵션 더 보기";
    Less: "Fewer options", "옵션 접기";
    Message: "Message", "메시지";
    AcksRestart: "Another acks needs another producer: the sandbox starts over.", "acks를 바꾸려면 프로듀서를 새로 만들어야 해서, 샌드박스를 처음부터 시작해요.";
    Anew: "Start over", "처음부터 다시";
    BadHeaders: "Each header needs an equals sign: name=value.", "헤더는 이름=값 형식으로 한 줄에 하나씩 적어 주세요.";
    BadPartition: "The partition is a number from 0, or empty.", "파티션에는 0 이상의 정수를 적거나 비워 두세요.";
    // live
    Options: "Options", "설정";
    BridgeUrl: "Bridge", "브리지";
    Connect: "Connect", "연결";
    Disconnect: "Disconnect", "연결 끊기";
    Connecting: "connecting", "연결 중";
    NotConnected: "not connected", "연결 안 됨";
    // trace file
    OpenFile: "Choose a file", "파일 고르기";
    SaveTrace: "Save trace", "트레이스 저장";
    DropHere: "Drop a trace here", "트레이스를 여기에 놓으세요";
    TraceCut: "The trace ends before its producer closed: it was saved meanwhile, or its writer was stopped.", "프로듀서가 닫히기 전에 끝나는 트레이스예요. 도중에 저장했거나, 기록하던 프로그램이 중단됐어요.";
    FileKept: "What was shown before is still here.", "보고 있던 화면은 그대로예요.";
    // stations
    App: "App", "앱";
    Front: "Client front", "클라이언트 앞단";
    Accumulator: "Accumulator", "어큐뮬레이터";
    Wire: "Wire", "전송";
    Cluster: "Cluster", "클러스터";
    AppSub: "your code", "내 코드";
    FrontSub: "inside send()", "send() 안에서";
    AccumulatorSub: "one queue per partition", "파티션마다 큐 하나";
    WireSub: "a connection per broker", "브로커마다 연결 하나";
    ClusterSub: "every partition on three brokers", "파티션마다 복제본 셋";
    ClusterSubLive: "as far as the client is told", "클라이언트가 아는 만큼만";
    Interceptors: "interceptors", "인터셉터";
    Serializer: "serializer", "직렬화";
    Partitioner: "partitioner", "파티셔너";
    Sender: "sender", "센더";
    Answers: "answers", "응답";
    Ready: "ready", "보낼 준비 끝";
    WillBeSentAgain: "will be sent again", "다시 보낼 예정";
    ConnectionLost: "connection lost", "연결 끊김";
    Opening: "opening", "연결 중";
    OpensWhenNeeded: "opens when needed", "필요할 때 연결";
    NoQueuesYet: "known with the first metadata", "첫 메타데이터를 받으면 알아요";
    NoBrokersYet: "known with the first metadata", "첫 메타데이터를 받으면 알아요";
    BatchesWait: "Its batches wait in the queue.", "배치는 큐에서 기다려요.";
    NoLeader: "no leader", "리더 없음";
    LeaderUnknown: "leader unknown", "리더 모름";
    Hw: "HW", "HW";
    Isr: "ISR", "ISR";
    OnlyThisDisk: "only on this disk", "이 디스크에만 있음";
    InNoLiveLog: "in no live log", "살아 있는 로그에 없음";
    NotObservable: "not observable from a client", "클라이언트에서는 볼 수 없음";
    WaitsForMetadata: "waits for metadata", "메타데이터 대기";
    Killed: "killed", "강제 종료";
    KilledNow: "killed just now", "방금 강제 종료";
    Starting: "starting", "시작하는 중";
    Paused: "frozen", "멈춤";
    Fenced: "out of the cluster", "클러스터에서 빠짐";
    // legend
    LWaiting: "waiting", "대기 중";
    LSolid: "in flight, or leader\u{2019}s log", "전송 중 또는 리더 로그";
    LFollower: "follower\u{2019}s copy", "팔로워 복제본";
    LToldOk: "told OK", "성공 응답 받음";
    LRetry: "will be sent again", "다시 보낼 예정";
    LDead: "on a dead broker", "죽은 브로커에 있음";
    LGhost: "lost though told OK", "성공인데 유실";
    LFailed: "failed", "실패";
    LUnknown: "unknown", "알 수 없음";
    LDuplicate: "duplicate", "중복";
    LOutOfOrder: "out of order", "순서 바뀜";
    LHidden: "not observable", "볼 수 없음";
    LHw: "high watermark: committed", "하이 워터마크: 여기까지 커밋됨";
    // ledger
    Ledger: "Ledger", "집계";
    Sent: "sent", "보냄";
    ToldOk: "told OK", "성공 응답";
    Waiting: "waiting", "대기";
    Failed: "failed", "실패";
    InLog: "in log", "로그에 있음";
    LostThoughOk: "lost though OK", "성공인데 유실";
    Duplicate: "duplicate", "중복";
    OutOfOrder: "out of order", "순서 바뀜";
    Unknown: "unknown", "알 수 없음";
    Hidden: "not observable", "볼 수 없음";
    // brokers
    Kill: "Kill", "강제 종료";
    Restart: "Restart", "다시 시작";
    // dock
    Timeline: "Timeline", "타임라인";
    Play: "Play", "재생";
    Pause: "Pause", "일시정지";
    Next: "Next event", "다음 이벤트";
    Previous: "Previous event", "이전 이벤트";
    Speed: "Speed", "속도";
    AutoSpeed: "Auto speed", "자동 속도";
    Sends: "sends", "send()";
    FollowsLive: "live", "실시간";
    BackToLive: "Back to now", "지금으로";
    Quiet: "quiet", "조용함";
    PastGone: "You changed the past. What came after it is gone.", "과거를 바꿨어요. 그 뒤의 일은 사라졌어요.";
    // record panel
    Record: "Record", "레코드";
    MoreOfRecord: "Show more of this record", "레코드 자세히 보기";
    LessOfRecord: "Show less of this record", "레코드 간단히 보기";
    WhereTimeWent: "Where the time went", "시간을 쓴 곳";
    WhyHere: "Why it is here", "여기에 있는 이유";
    WhereCodeWaits: "Where your code waits", "내 코드가 기다리는 곳";
    PhaseSend: "send()", "send()";
    PhaseMetadata: "metadata", "메타데이터";
    PhaseLinger: "linger", "linger";
    PhaseQueue: "queue", "큐 대기";
    PhaseFlight: "in flight", "전송 중";
    PhaseRetry: "retry wait", "재시도 대기";
    FactIdentity: "Identity", "식별자";
    FactSize: "Size", "크기";
    FactPersisted: "Persisted", "저장 여부";
    FactDeadline: "Deadline", "남은 시간";
    FactOffset: "Offset", "오프셋";
    PersistedNo: "no: not written yet", "아직 저장 안 됨";
    PersistedPossibly: "possibly: written, not answered", "알 수 없음: 보냈지만 응답 없음";
    PersistedYes: "yes: the leader answered", "저장됨: 리더가 응답함";
    PersistedUnknown: "unknown", "알 수 없음";
    NoDeadline: "answered in time", "기한 안에 응답받음";
    NoIdentity: "none: idempotence is off", "없음: 멱등성 꺼짐";
    IdentityLater: "given when it is sent", "보낼 때 정해짐";
    // outline
    Stage: "Pipeline", "파이프라인";
    Outline: "The pipeline in words", "글로 읽는 파이프라인";
    Empty: "empty", "비어 있음";
    // keys dialog
    KeySend: "write a message", "메시지 쓰기";
    KeyPlay: "play or pause", "재생 또는 일시정지";
    KeyStep: "next or previous event", "다음 또는 이전 이벤트";
    KeyHop: "next or previous hop of the chosen record", "고른 레코드의 다음 또는 이전 단계";
    KeyProblem: "next or previous problem", "다음 또는 이전 문제";
    KeySpeed: "slower or faster", "느리게 또는 빠르게";
    KeyEnds: "beginning or end", "처음 또는 끝";
    KeyKill: "kill or restart broker 1, 2, 3", "브로커 1, 2, 3 강제 종료 또는 다시 시작";
    KeyRecord: "choose the next or previous record", "다음 또는 이전 레코드 고르기";
    KeySave: "save the trace", "트레이스 저장";
    KeyEscape: "close the panel", "패널 닫기";
    KeyLanguage: "language", "언어";
    KeyTheme: "light or dark", "밝게 또는 어둡게";
    KeyHelp: "these keys", "이 목록";
}
