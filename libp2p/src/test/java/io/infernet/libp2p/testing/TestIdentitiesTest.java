package io.infernet.libp2p.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.infernet.libp2p.peer.KeyType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestIdentitiesTest {

  @ParameterizedTest
  @EnumSource
  void givesTheSameKeyForTheSameNumber(KeyType type) {
    assertArrayEquals(
        TestIdentities.privateKey(type, 7).toProtobuf(),
        TestIdentities.privateKey(type, 7).toProtobuf());
    assertEquals(type, TestIdentities.privateKey(type, 7).type());
  }

  @ParameterizedTest
  @EnumSource
  void givesAnotherKeyForAnotherNumber(KeyType type) {
    assertNotEquals(
        TestIdentities.privateKey(type, 1).publicKey(),
        TestIdentities.privateKey(type, 2).publicKey());
  }
}
