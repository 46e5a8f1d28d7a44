"""What /proc/cpuinfo says on two Raspberry Pis.

Without it LiteRT cannot identify the processor and leaves XNNPACK out silently.
"""

_CORE = """\
processor\t: {core}
BogoMIPS\t: 108.00
Features\t: {features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: {variant}
CPU part\t: {part}
CPU revision\t: {revision}
"""

# Part numbers: Arm's MIDR_EL1, Cortex-A72 (Raspberry Pi 4) and Cortex-A76 (5).
_PROCESSORS = {
    "cortex-a72": ("fp asimd evtstrm crc32 cpuid", "0x0", "0xd08", 3),
    "cortex-a76": (
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm"
        " lrcpc dcpop asimddp",
        "0x4",
        "0xd0b",
        1,
    ),
}


def cpuinfo(processor):
    features, variant, part, revision = _PROCESSORS[processor]
    return "\n".join(
        _CORE.format(
            core=core, features=features, variant=variant, part=part, revision=revision
        )
        for core in range(4)
    )
