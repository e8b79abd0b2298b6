//! What each operation was measured to cost, and which machines follow from it. The figures are those of `docs/scale.md`.

use crate::habits::Habits;
use crate::need::Need;

/// CPU in microseconds of one operation; sizes in bytes.
pub(crate) struct Costs {
    pub(crate) login_cpu: f64,
    pub(crate) refresh_cpu: f64,
    pub(crate) verify_cpu: f64,
    pub(crate) profile_cpu: f64,
    pub(crate) logout_cpu: f64,
    pub(crate) refresh_database_cpu: f64,
    pub(crate) login_database_cpu: f64,
    pub(crate) logout_database_cpu: f64,
    pub(crate) family_bytes: f64,
    pub(crate) event_bytes: f64,
    pub(crate) event_days: f64,
    pub(crate) rotation_wal: f64,
    pub(crate) primary_rotations: f64,
    pub(crate) node_cores: f64,
    pub(crate) utilisation: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            login_cpu: 18_100.0,
            refresh_cpu: 68.0,
            verify_cpu: 18.4,
            profile_cpu: 18.9,
            logout_cpu: 388.0,
            refresh_database_cpu: 67.0,
            login_database_cpu: 1_740.0,
            logout_database_cpu: 823.0,
            family_bytes: 420.0,
            event_bytes: 115.0,
            event_days: 90.0,
            rotation_wal: 561.0,
            primary_rotations: 43_100.0,
            node_cores: 4.0,
            utilisation: 0.6,
        }
    }
}

impl Costs {
    /// Name, value, meaning.
    pub(crate) fn fields(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![
            ("login_cpu", self.login_cpu, "µs of a node: obtain with argon2id"),
            ("refresh_cpu", self.refresh_cpu, "µs of a node: refresh with rotation"),
            ("verify_cpu", self.verify_cpu, "µs of a node: verify"),
            ("profile_cpu", self.profile_cpu, "µs of a node: /api/me/"),
            ("logout_cpu", self.logout_cpu, "µs of a node: logout"),
            ("refresh_database_cpu", self.refresh_database_cpu, "µs of PostgreSQL for a refresh"),
            ("login_database_cpu", self.login_database_cpu, "µs of PostgreSQL for a login"),
            ("logout_database_cpu", self.logout_database_cpu, "µs of PostgreSQL for a logout"),
            ("family_bytes", self.family_bytes, "bytes of a family on PostgreSQL, its device row and indexes included"),
            ("event_bytes", self.event_bytes, "bytes of an event, its index included"),
            ("event_days", self.event_days, "days that events are kept"),
            ("rotation_wal", self.rotation_wal, "bytes of WAL for a rotation"),
            ("primary_rotations", self.primary_rotations, "rotations a second of one primary, as measured"),
            ("node_cores", self.node_cores, "cores of a node"),
            ("utilisation", self.utilisation, "how busy a core may be at the peak"),
        ]
    }

    pub(crate) fn fields_mut(&mut self) -> Vec<(&'static str, &mut f64)> {
        vec![
            ("login_cpu", &mut self.login_cpu),
            ("refresh_cpu", &mut self.refresh_cpu),
            ("verify_cpu", &mut self.verify_cpu),
            ("profile_cpu", &mut self.profile_cpu),
            ("logout_cpu", &mut self.logout_cpu),
            ("refresh_database_cpu", &mut self.refresh_database_cpu),
            ("login_database_cpu", &mut self.login_database_cpu),
            ("logout_database_cpu", &mut self.logout_database_cpu),
            ("family_bytes", &mut self.family_bytes),
            ("event_bytes", &mut self.event_bytes),
            ("event_days", &mut self.event_days),
            ("rotation_wal", &mut self.rotation_wal),
            ("primary_rotations", &mut self.primary_rotations),
            ("node_cores", &mut self.node_cores),
            ("utilisation", &mut self.utilisation),
        ]
    }

    /// What the peak asks of nodes and of PostgreSQL: name, figure, unit.
    pub(crate) fn machines(&self, habits: &Habits, need: &Need) -> Vec<(&'static str, f64, &'static str)> {
        let peak = |rate: f64, micros: f64| rate * habits.peak_factor * micros / 1_000_000.0;
        let logins = peak(need.logins, self.login_cpu);
        let others = peak(need.refreshes, self.refresh_cpu)
            + peak(need.verifies, self.verify_cpu)
            + peak(need.profiles, self.profile_cpu)
            + peak(need.logouts, self.logout_cpu);
        let database = peak(need.refreshes, self.refresh_database_cpu)
            + peak(need.logins, self.login_database_cpu)
            + peak(need.logouts, self.logout_database_cpu);
        let rotations = need.refreshes * habits.peak_factor;
        let events = (need.logins + need.logouts) * SECONDS_OF_DAY * self.event_days;
        vec![
            ("rotations", rotations, "a second"),
            ("node CPU for passwords", logins, "cores"),
            ("node CPU for all else", others, "cores"),
            ("nodes, one to spare", ((logins + others) / self.utilisation / self.node_cores).ceil() + 1.0, "nodes"),
            ("PostgreSQL CPU", database, "cores"),
            ("PostgreSQL cores at that utilisation", database / self.utilisation, "cores"),
            ("rotations over what one primary was measured at", rotations / self.primary_rotations, ""),
            ("families on disk", need.families * self.family_bytes / GIB, "GiB"),
            ("events on disk", events * self.event_bytes / GIB, "GiB"),
            ("WAL at the peak", rotations * self.rotation_wal / MIB, "MiB a second"),
            ("WAL in a day", need.refreshes * SECONDS_OF_DAY * self.rotation_wal / GIB, "GiB"),
        ]
    }
}

const SECONDS_OF_DAY: f64 = crate::need::SECONDS_OF_DAY;
const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;
