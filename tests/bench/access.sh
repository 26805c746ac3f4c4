# SPDX-License-Identifier: Apache-2.0
# In the Service VM, for ./bulkhead bench: what an access of a User VM costs it when bhdm answers it.
bhdm --name access --cpus 1 --memory 32M --kernel /bench/access.bz --serial file:/run/access.txt --console none
status=$?
cat /run/access.txt
[ "$status" = 0 ] || say "FAILED: bhdm ended with status $status"
say "bench done"
