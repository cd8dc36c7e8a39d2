package io.infernet.libp2p.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class InterfaceAddressesTest {

  @Test
  void knowsTheBridgesOfContainersAndVirtualMachinesByName() {
    for (String name :
        List.of(
            "docker0",
            "docker_gwbridge",
            "br-0123456789ab",
            "veth1a2b3c",
            "virbr0",
            "vnet3",
            "cni0",
            "cni-podman0",
            "podman1",
            "flannel.1",
            "lxcbr0",
            "lxdbr0",
            "cali123",
            "vboxnet0")) {
      assertTrue(InterfaceAddresses.isVirtual(name), name);
    }
    for (String name :
        List.of(
            "eth0",
            "enp3s0",
            "wlan0",
            "wlp2s0",
            "en0",
            "lo",
            "br0",
            "br-lan",
            "bond0",
            "tun0",
            "wg0",
            "tailscale0")) {
      assertFalse(InterfaceAddresses.isVirtual(name), name);
    }
  }

  @Test
  void listsNoLinkLocalAddresses() {
    assertTrue(
        InterfaceAddresses.system().addresses().stream().noneMatch(ip -> ip.isLinkLocalAddress()));
  }
}
