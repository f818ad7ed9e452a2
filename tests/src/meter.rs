//! What a producer's metrics and a process's memory are.

use ottla::Producer;

/// A metric of `producer-metrics` by Kafka's name; not a number when it is an average or a maximum of nothing.
///
/// # Panics
/// When there is no such metric.
#[track_caller]
pub fn metric(producer: &Producer, name: &str) -> f64 {
    let metrics = producer.kafka_metrics();
    let found = metrics
        .iter()
        .find(|metric| metric.group == "producer-metrics" && metric.name == name);
    found.unwrap_or_else(|| panic!("no metric {name}")).value
}

/// A line of `/proc/PID/status` in KiB, such as `VmRSS`; `None`, and a line that says so, on a system that is not
/// Linux.
///
/// # Panics
/// On Linux, when there is no such line: what a test says of memory must not go unchecked there.
#[track_caller]
#[allow(
    clippy::print_stdout,
    reason = "whoever reads the output must see that a bound was not checked"
)]
pub fn memory(pid: u32, field: &str) -> Option<f64> {
    if !cfg!(target_os = "linux") {
        println!("{field} of process {pid} is not measured: only Linux has /proc/PID/status");
        return None;
    }
    let file = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    Some(value.unwrap_or_else(|| panic!("no {field} in {file}:\n{status}")))
}
