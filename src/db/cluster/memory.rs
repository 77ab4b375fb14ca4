//! How much of the machine's memory the cluster may take for its pages.

use std::fs;

/// What PostgreSQL's manual advises for a machine that serves others too: a quarter, and not more than helps.
const LEAST_MIB: u64 = 128;
const MOST_MIB: u64 = 1024;

/// What is taken where nobody tells how much there is.
const USUAL_MIB: u64 = 256;

/// `shared_buffers` in MiB. It is taken page by page as it is used, so that an idle server has little of it.
pub(super) fn shared_buffers() -> u64 {
    buffers_of(total(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), &limit()))
}

fn buffers_of(total_mib: Option<u64>) -> u64 {
    total_mib.map_or(USUAL_MIB, |total| (total / 4).clamp(LEAST_MIB, MOST_MIB))
}

/// What a container may have at the most, in bytes, or another word.
fn limit() -> String {
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .unwrap_or_default()
}

/// The memory that there is, in MiB: that of the machine, or of the container when that is less.
fn total(meminfo: &str, limit: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let machine = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024;
    let container = limit.trim().parse::<u64>().map_or(u64::MAX, |bytes| bytes / 1024 / 1024);
    Some(machine.min(container))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_what_there_is() {
        let meminfo = "MemTotal:        4194304 kB\nMemFree:  1 kB\n";
        assert_eq!(total(meminfo, "max"), Some(4096));
        assert_eq!(total(meminfo, "1073741824\n"), Some(1024));
        assert_eq!(total("", ""), None);
        assert_eq!([Some(256), Some(2048), Some(65_536), None].map(buffers_of), [128, 512, 1024, 256]);
    }
}
