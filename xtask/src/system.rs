//! What system this is, and how LLVM 19 gets onto it.

/// The fields of `/etc/os-release` that matter here; empty where there is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    /// Such as `debian`.
    pub(crate) id: String,
    /// The systems that it derives from, such as `ubuntu debian`.
    pub(crate) id_like: String,
    /// Such as `bookworm`; for a derivative of Ubuntu, Ubuntu's name.
    pub(crate) codename: String,
    /// Such as `Debian GNU/Linux 12 (bookworm)`.
    pub(crate) pretty_name: String,
}

impl Release {
    /// Of the running system.
    pub(crate) fn of_this_system() -> Self {
        std::fs::read_to_string("/etc/os-release").map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut release = Self::default();
        let mut ubuntu_codename = None;
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim().trim_matches(['"', '\'']).to_owned();
            match key.trim() {
                "ID" => release.id = value,
                "ID_LIKE" => release.id_like = value,
                "VERSION_CODENAME" => release.codename = value,
                "UBUNTU_CODENAME" => ubuntu_codename = Some(value),
                "PRETTY_NAME" => release.pretty_name = value,
                _ => {}
            }
        }
        if let Some(codename) = ubuntu_codename {
            release.codename = codename;
        }
        release
    }

    fn is_or_is_like(&self, id: &str) -> bool {
        self.id == id || self.id_like.split_whitespace().any(|like| like == id)
    }

    /// What to do where the configured package sources have no clang 19.
    pub(crate) fn how_to_add_apt_source(&self) -> String {
        let name = if self.pretty_name.is_empty() { "this system" } else { &self.pretty_name };
        let codename = if self.codename.is_empty() { "CODENAME" } else { &self.codename };
        let mut text = format!(
            "the package sources configured on {name} have no clang-19 and llvm-19-dev.\n\
             LLVM's own packages for it can be added with (as root):\n\n  \
             apt-get install -y ca-certificates wget\n  \
             wget -O /etc/apt/trusted.gpg.d/apt.llvm.org.asc https://apt.llvm.org/llvm-snapshot.gpg.key\n  \
             echo 'deb https://apt.llvm.org/{codename}/ llvm-toolchain-{codename}-19 main' > /etc/apt/sources.list.d/llvm-19.list\n  \
             apt-get update\n\n\
             Then run this again. "
        );
        if self.codename.is_empty() {
            text += "(CODENAME is that of the Debian or Ubuntu release, such as bookworm.) ";
        }
        text += "Or install LLVM 19 in any other way and set LLVM_SYS_191_PREFIX and METAL_BRIDGE_CLANG.";
        text
    }
}

/// What to install where this program cannot do it: neither Debian nor a relative of it.
pub(crate) fn how_to_install(os: &str, release: &Release) -> String {
    let steps = match os {
        "macos" => {
            "  brew install llvm@19\n\n\
             Its tools are then found by themselves. (Without Homebrew: https://brew.sh)"
        }
        "windows" => {
            "metal-bridge does not run on Windows itself yet. Use the Windows Subsystem for Linux:\n\n  \
             wsl --install -d Ubuntu-24.04\n\n\
             and start the same command there; it then installs what it needs."
        }
        _ if release.is_or_is_like("fedora") => {
            "  sudo dnf install clang19 llvm19-devel     (Fedora 42, and later while it has them)\n  \
             sudo dnf install clang llvm-devel         (Fedora 41, whose LLVM is version 19)"
        }
        _ if release.is_or_is_like("arch") => "  sudo pacman -S --needed clang19 llvm19",
        _ if release.is_or_is_like("suse") || release.is_or_is_like("opensuse") => {
            "  sudo zypper install clang19 llvm19-devel"
        }
        _ if release.is_or_is_like("alpine") => "  doas apk add clang19 llvm19-dev",
        _ => {
            "Install clang 19 and LLVM 19 with its headers (often packages called clang19 and llvm19-devel)."
        }
    };
    format!(
        "clang 19 and LLVM 19 are needed, and only on Debian and Ubuntu does this program install them. Here:\n\n\
         {steps}\n\n\
         Then run this again. If they are not found, set LLVM_SYS_191_PREFIX to LLVM's prefix (the directory\n\
         that has bin/llvm-config) and METAL_BRIDGE_CLANG to the path of clang. If this system has no such\n\
         packages, the short way is a container of Debian 12 or Ubuntu 24.04."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINT: &str = "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n\
                        PRETTY_NAME=\"Linux Mint 22\"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n";

    #[test]
    fn reads_os_release() {
        let release = Release::parse(MINT);
        assert!(release.is_or_is_like("linuxmint") && release.is_or_is_like("debian"));
        assert!(!release.is_or_is_like("fedora"));
        assert_eq!(release.codename, "noble");
        assert_eq!(release.pretty_name, "Linux Mint 22");
        assert_eq!(Release::parse("no equals sign"), Release::default());
    }

    #[test]
    fn apt_source_is_for_the_release() {
        let text = Release::parse(MINT).how_to_add_apt_source();
        assert!(text.contains("https://apt.llvm.org/noble/ llvm-toolchain-noble-19 main"), "{text}");
        assert!(Release::default().how_to_add_apt_source().contains("such as bookworm"));
    }

    #[test]
    fn each_system_has_its_own_words() {
        let on = |os, id: &str| how_to_install(os, &Release { id: id.into(), ..Release::default() });
        for (os, id, part) in [
            ("macos", "", "brew install llvm@19"),
            ("windows", "", "wsl --install"),
            ("linux", "fedora", "dnf install"),
            ("linux", "arch", "pacman -S"),
            ("linux", "alpine", "apk add"),
            ("linux", "nixos", "with its headers"),
            ("freebsd", "", "with its headers"),
        ] {
            let text = on(os, id);
            assert!(text.contains(part), "{os} {id}: {text}");
        }
    }
}
