package io.infernet.node;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The shape of the house, as {@code docs/architecture.md} tells it. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          // From "package" on, Maven hands over the other modules' test kits as jars.
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("io.infernet");

  @Test
  void modulesDependInOneDirection() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.infernet..")
        .layer("proto")
        .definedBy("io.infernet.proto..")
        .layer("libp2p")
        .definedBy("io.infernet.libp2p..")
        .layer("discovery")
        .definedBy("io.infernet.discovery..")
        .layer("inference")
        .definedBy("io.infernet.inference..")
        .layer("verification")
        .definedBy("io.infernet.verification..")
        .layer("node")
        .definedBy("io.infernet.node..")
        .whereLayer("node")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("verification")
        .mayOnlyBeAccessedByLayers("node")
        .whereLayer("discovery")
        .mayOnlyBeAccessedByLayers("verification", "node")
        .whereLayer("inference")
        .mayOnlyBeAccessedByLayers("verification", "node")
        .whereLayer("libp2p")
        .mayOnlyBeAccessedByLayers("discovery", "inference", "verification", "node")
        .check(CLASSES);
  }

  @Test
  void packagesOfTheNodeHaveNoCycles() {
    slices().matching("io.infernet.node.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void jobsKnowNothingOfThoseWhoAskForThem() {
    noClasses()
        .that()
        .resideInAnyPackage("io.infernet.node.job..", "io.infernet.node.storage..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.infernet.node.cli..",
            "io.infernet.node.http..",
            "io.infernet.node.embed..",
            "io.infernet.node.assembly..")
        .check(CLASSES);
  }

  @Test
  void onlyCodecsOutsideLibp2pKnowTheWire() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.infernet.libp2p..", "io.infernet.proto..")
        .and()
        .haveNameNotMatching(".*Codec(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..", "com.google.protobuf..", "io.infernet.proto..")
        .check(CLASSES);
  }

  @Test
  void servicesRunOnInjectedTime() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.infernet.discovery..", "io.infernet.verification..", "io.infernet.node.job..")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .check(CLASSES);
  }

  @Test
  void everyPackageIsNullMarked() {
    List<String> unmarked =
        CLASSES.getDefaultPackage().getSubpackagesInTree().stream()
            .filter(one -> one.getName().startsWith("io.infernet"))
            .filter(one -> !one.getName().startsWith("io.infernet.proto"))
            .filter(one -> !one.getClasses().isEmpty())
            .filter(one -> !one.isAnnotatedWith(NullMarked.class))
            .map(JavaPackage::getName)
            .toList();

    assertEquals(List.of(), unmarked);
  }

  @Test
  void allModulesAreLookedAt() {
    for (String module :
        List.of("proto", "libp2p", "discovery", "inference", "verification", "node")) {
      assertTrue(CLASSES.containPackage("io.infernet." + module), module);
    }
  }
}
