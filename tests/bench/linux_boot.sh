# SPDX-License-Identifier: Apache-2.0
# In the Service VM, for ./bulkhead bench: a User VM whose first program prints its TSC; then when the hypervisor started each VM.
bhdm --name user --cpus 1 --memory 128M --kernel /vm/kernel --initrd /bench/user-initrd.gz --serial file:/run/user.txt --console none \
    --disk file=/vm/disk.img,ro --rng --cmdline "console=ttyS0 quiet panic=-1 nokaslr rdinit=/bench/tsc" &
until grep -q '^shell ................' /run/user.txt 2>/dev/null; do usleep 50000; done
sed -n 's/^shell/user shell/p' /run/user.txt
bhctl stats --json
kill -KILL $!
say "bench done"
