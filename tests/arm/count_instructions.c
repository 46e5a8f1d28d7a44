/* A QEMU plugin that counts guest instructions between two marks.
 *
 * The guest sets a mark with prctl(MARK, n); each mark writes "MARK n COUNT" to standard
 * error, COUNT being the instructions executed so far. So a program can have one inference
 * counted alone, without its interpreter's start. Debian ships no header for plugins; the
 * few declarations needed are those of QEMU 7.2's include/qemu/qemu-plugin.h, API 1.
 *
 * Build: gcc -shared -fPIC -O2 -o count_instructions.so count_instructions.c
 */
#include <inttypes.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern void qemu_plugin_register_vcpu_tb_trans_cb(
    plugin_id id, void (*callback)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(
    struct qemu_plugin_tb *tb, int operation, void *counter, uint64_t amount);
extern void qemu_plugin_register_vcpu_syscall_cb(
    plugin_id id,
    void (*callback)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t,
                     uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));

enum { ADD_U64 = 0, PRCTL_AARCH64 = 167, MARK = 0x1e510 };

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t executed;

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
    qemu_plugin_register_vcpu_tb_exec_inline(
        block, ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(plugin_id id, unsigned cpu, int64_t number, uint64_t first,
                   uint64_t second, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                   uint64_t a7, uint64_t a8) {
    if (number == PRCTL_AARCH64 && first == MARK)
        fprintf(stderr, "MARK %" PRIu64 " %" PRIu64 "\n", second, executed);
}

__attribute__((visibility("default"))) int qemu_plugin_install(
    plugin_id id, const void *machine, int count, char **words) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
