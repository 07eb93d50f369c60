//! Decides, from what is on the machine, what to install and what to run. Does neither itself.

/// What the build needs and may be missing. There is no linker among them: without one, this program would not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// `pkg-config`, which finds ALSA.
    PkgConfig,
    /// ALSA's headers, for the sound card on Linux.
    AlsaHeaders,
}

/// A package manager.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manager {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Apk,
}

impl Manager {
    /// In the order in which they are looked for.
    pub(crate) const ALL: [Manager; 5] = [Manager::Apt, Manager::Dnf, Manager::Pacman, Manager::Zypper, Manager::Apk];

    /// Its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Manager::Apt => "apt-get",
            Manager::Dnf => "dnf",
            Manager::Pacman => "pacman",
            Manager::Zypper => "zypper",
            Manager::Apk => "apk",
        }
    }

    /// Its name for what has `need`.
    fn package(self, need: Need) -> &'static str {
        match (self, need) {
            (Manager::Apt | Manager::Zypper, Need::PkgConfig) => "pkg-config",
            (Manager::Dnf, Need::PkgConfig) => "pkgconf-pkg-config",
            (Manager::Pacman | Manager::Apk, Need::PkgConfig) => "pkgconf",
            (Manager::Apt, Need::AlsaHeaders) => "libasound2-dev",
            (Manager::Dnf, Need::AlsaHeaders) => "alsa-lib-devel",
            (Manager::Zypper, Need::AlsaHeaders) => "alsa-devel",
            (Manager::Pacman, Need::AlsaHeaders) => "alsa-lib",
            (Manager::Apk, Need::AlsaHeaders) => "alsa-lib-dev",
        }
    }

    /// What brings its lists up to date, where an old list makes installing fail.
    fn refresh(self) -> &'static [&'static str] {
        match self {
            Manager::Apt => &["apt-get", "update"],
            Manager::Dnf | Manager::Pacman | Manager::Zypper | Manager::Apk => &[],
        }
    }

    /// What installs the packages that are named after it.
    fn install(self) -> &'static [&'static str] {
        match self {
            Manager::Apt => {
                &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends"]
            }
            Manager::Dnf => &["dnf", "install", "-y"],
            Manager::Pacman => &["pacman", "-S", "--needed", "--noconfirm"],
            Manager::Zypper => &["zypper", "--non-interactive", "install"],
            Manager::Apk => &["apk", "add"],
        }
    }
}

/// How this program may install packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Right {
    /// It runs as root.
    Root,
    /// `sudo` does not ask for a password.
    Sudo,
    /// `sudo` will ask the person at the terminal.
    SudoAsks,
    /// It may not.
    None,
}

impl Right {
    fn prefix(self) -> &'static [&'static str] {
        match self {
            Right::Root | Right::None => &[],
            Right::Sudo => &["sudo", "-n"],
            Right::SudoAsks => &["sudo"],
        }
    }
}

/// What there is on the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Machine {
    /// What the build needs and the machine lacks. Always empty where the system brings its own sound, as on macOS.
    pub(crate) missing: Vec<Need>,
    pub(crate) manager: Option<Manager>,
    pub(crate) right: Right,
}

/// A command line.
pub(crate) type Line = Vec<String>;

/// What to do before the build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Plan {
    /// Nothing.
    Build,
    /// Run these, in turn. That the first of several fails does not matter.
    Install(Vec<Line>),
    /// Build without a sound card, having said this.
    WithoutSound(String),
}

/// What to do about what is missing.
pub(crate) fn plan(machine: &Machine) -> Plan {
    if machine.missing.is_empty() {
        return Plan::Build;
    }
    let Some(manager) = machine.manager else {
        return Plan::WithoutSound(
            "The sound card needs pkg-config and ALSA's headers, and no package manager known here was found.\n\
             Install both by hand. Until then: no sound card."
                .to_owned(),
        );
    };
    let lines = install_lines(manager, machine.right, &machine.missing);
    if machine.right == Right::None {
        let lines: Vec<String> = lines.iter().map(|line| format!("  {}", line.join(" "))).collect();
        return Plan::WithoutSound(format!(
            "The sound card needs packages that only root may install. As root, run\n{}\nUntil then: no sound card.",
            lines.join("\n")
        ));
    }
    Plan::Install(lines)
}

fn install_lines(manager: Manager, right: Right, missing: &[Need]) -> Vec<Line> {
    let packages: Vec<&str> = missing.iter().map(|&need| manager.package(need)).collect();
    [manager.refresh().to_vec(), [manager.install(), packages.as_slice()].concat()]
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| right.prefix().iter().copied().chain(line).map(str::to_owned).collect())
        .collect()
}

/// What to run in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Task {
    Demo,
    Test,
}

/// The arguments of cargo for `task`.
pub(crate) fn cargo_line(task: Task, sound: bool, args: &[String]) -> Line {
    let (head, tail): (&[&str], &[&str]) = match task {
        Task::Demo => (&["run", "--release", "--package", "sansip-cli"], &["--", "demo"]),
        // The benchmarks have no tests, and their peers take longer to build than everything else.
        Task::Test => (&["test", "--workspace", "--exclude", "sansip-benches"], &[]),
    };
    let features: &[&str] = if sound { &[] } else { &["--no-default-features"] };
    [head, features, tail].concat().into_iter().map(str::to_owned).chain(args.iter().cloned()).collect()
}

/// Whether the arguments for cargo already turn the sound card off, so that nothing needs to be installed for it.
pub(crate) fn turns_sound_off(task: Task, args: &[String]) -> bool {
    task == Task::Test && args.iter().take_while(|&arg| arg != "--").any(|arg| arg == "--no-default-features")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(missing: &[Need], manager: Option<Manager>, right: Right) -> Machine {
        Machine { missing: missing.to_vec(), manager, right }
    }

    fn lines(plan: Plan) -> Vec<String> {
        match plan {
            Plan::Install(lines) => lines.into_iter().map(|line| line.join(" ")).collect(),
            other => panic!("{other:?}"),
        }
    }

    const BOTH: &[Need] = &[Need::PkgConfig, Need::AlsaHeaders];

    #[test]
    fn nothing_is_installed_where_nothing_is_missing() {
        for right in [Right::Root, Right::None] {
            assert_eq!(plan(&machine(&[], Some(Manager::Apt), right)), Plan::Build);
            assert_eq!(plan(&machine(&[], None, right)), Plan::Build);
        }
    }

    #[test]
    fn debian_refreshes_its_lists_first() {
        let root = lines(plan(&machine(BOTH, Some(Manager::Apt), Right::Root)));
        assert_eq!(
            root,
            [
                "apt-get update",
                "env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends pkg-config libasound2-dev",
            ]
        );
        let sudo = lines(plan(&machine(&[Need::AlsaHeaders], Some(Manager::Apt), Right::Sudo)));
        assert_eq!(sudo[0], "sudo -n apt-get update");
        assert!(sudo[1].starts_with("sudo -n env ") && sudo[1].ends_with("--no-install-recommends libasound2-dev"));
    }

    #[test]
    fn every_manager_has_its_own_names() {
        let line = |manager| lines(plan(&machine(BOTH, Some(manager), Right::SudoAsks))).join("; ");
        assert_eq!(line(Manager::Dnf), "sudo dnf install -y pkgconf-pkg-config alsa-lib-devel");
        assert_eq!(line(Manager::Pacman), "sudo pacman -S --needed --noconfirm pkgconf alsa-lib");
        assert_eq!(line(Manager::Zypper), "sudo zypper --non-interactive install pkg-config alsa-devel");
        assert_eq!(line(Manager::Apk), "sudo apk add pkgconf alsa-lib-dev");
    }

    #[test]
    fn without_the_right_or_a_manager_it_is_said_what_to_install() {
        match plan(&machine(BOTH, Some(Manager::Apt), Right::None)) {
            Plan::WithoutSound(say) => assert!(say.contains("pkg-config libasound2-dev"), "{say}"),
            other => panic!("{other:?}"),
        }
        match plan(&machine(BOTH, None, Right::Root)) {
            Plan::WithoutSound(say) => assert!(say.contains("by hand"), "{say}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn cargo_gets_the_arguments_where_they_belong() {
        let line = |task, sound, args: &[&str]| {
            cargo_line(task, sound, &args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>()).join(" ")
        };
        assert_eq!(line(Task::Demo, true, &["--trace"]), "run --release --package sansip-cli -- demo --trace");
        let silent = line(Task::Demo, false, &[]);
        assert_eq!(silent, "run --release --package sansip-cli --no-default-features -- demo");
        let test = line(Task::Test, false, &["--release", "--", "--ignored"]);
        assert_eq!(test, "test --workspace --exclude sansip-benches --no-default-features --release -- --ignored");
    }

    #[test]
    fn who_wants_no_sound_card_needs_none() {
        let asks =
            |task, args: &[&str]| turns_sound_off(task, &args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>());
        assert!(asks(Task::Test, &["--release", "--no-default-features"]));
        assert!(!asks(Task::Test, &["--", "--no-default-features"]));
        assert!(!asks(Task::Demo, &["--no-default-features"]), "those are the arguments of the demo");
    }
}
