"""The custom resources that we use, as their own definitions have them: the fields that we set, and none besides.

Written by hand after the definitions of prometheus-operator (monitoring.coreos.com/v1: ServiceMonitor, PrometheusRule), KEDA
(keda.sh/v1alpha1: ScaledObject; what its admission adds is in the validators) and KServe (serving.kserve.io/v1beta1: InferenceService).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Duration = Annotated[
    str, Field(pattern=r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$", min_length=1)
]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
Labels = dict[str, str]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Metadata(Part):
    name: Name
    namespace: Name = "default"
    labels: Labels = {}
    annotations: Labels = {}


class Selector(Part):
    matchLabels: Labels


class Endpoint(Part):
    port: str
    path: str
    interval: Duration


class ServiceMonitorSpec(Part):
    jobLabel: str
    selector: Selector
    endpoints: list[Endpoint]


class ServiceMonitor(Part):
    apiVersion: Literal["monitoring.coreos.com/v1"]
    kind: Literal["ServiceMonitor"]
    metadata: Metadata
    spec: ServiceMonitorSpec


class Rule(Part):
    record: str | None = None
    alert: str | None = None
    expr: Annotated[str, Field(min_length=1)]
    for_: Annotated[Duration | None, Field(alias="for")] = None
    keep_firing_for: Duration | None = None
    labels: Labels = {}
    annotations: Labels = {}

    @model_validator(mode="after")
    def is_one_thing(self) -> "Rule":
        if (self.record is None) == (self.alert is None):
            raise ValueError("a rule records or alerts")
        if self.record is not None and (self.annotations or self.for_ or self.keep_firing_for):
            raise ValueError("only alerts are annotated and wait")
        return self


class RuleGroup(Part):
    name: Annotated[str, Field(min_length=1)]
    interval: Duration | None = None
    rules: list[Rule]


class RulesSpec(Part):
    groups: list[RuleGroup]

    @model_validator(mode="after")
    def groups_are_told_apart(self) -> "RulesSpec":
        if len({group.name for group in self.groups}) < len(self.groups):
            raise ValueError("groups are a map by name")
        return self


class PrometheusRule(Part):
    apiVersion: Literal["monitoring.coreos.com/v1"]
    kind: Literal["PrometheusRule"]
    metadata: Metadata
    spec: RulesSpec


class ScalingPolicy(Part):
    type: Literal["Pods", "Percent"]
    value: Annotated[int, Field(gt=0)]
    periodSeconds: Annotated[int, Field(gt=0, le=1_800)]


class ScalingRules(Part):
    stabilizationWindowSeconds: Annotated[int, Field(ge=0, le=3_600)]
    selectPolicy: Literal["Max", "Min", "Disabled"] = "Max"
    policies: Annotated[list[ScalingPolicy], Field(min_length=1)]


class Behavior(Part):
    scaleUp: ScalingRules
    scaleDown: ScalingRules


class OfTheAutoscaler(Part):
    behavior: Behavior


class Advanced(Part):
    horizontalPodAutoscalerConfig: OfTheAutoscaler


class Target(Part):
    apiVersion: str
    kind: str
    name: Name


class Fallback(Part):
    failureThreshold: Annotated[int, Field(ge=0)]
    replicas: Annotated[int, Field(ge=0)]
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = "static"


class Trigger(Part):
    type: Literal["cpu", "prometheus"]
    metricType: Literal["AverageValue", "Value", "Utilization"]
    metadata: dict[str, str]

    @model_validator(mode="after")
    def has_what_its_scaler_reads(self) -> "Trigger":
        if self.type == "cpu":
            if self.metadata.keys() != {"value"} or self.metricType == "Value":
                raise ValueError("a cpu trigger has a value, and is Utilization or AverageValue")
        elif (
            not {"serverAddress", "query", "threshold"}
            <= self.metadata.keys()
            <= {"serverAddress", "query", "threshold", "ignoreNullValues"}
        ):
            raise ValueError("a prometheus trigger has serverAddress, query, threshold")
        elif self.metricType == "Utilization":
            raise ValueError("a prometheus trigger is AverageValue or Value")
        return self


class ScaledObjectSpec(Part):
    scaleTargetRef: Target
    pollingInterval: Annotated[int, Field(gt=0)]
    minReplicaCount: Annotated[int, Field(ge=0)]
    maxReplicaCount: Annotated[int, Field(ge=1)]
    fallback: Fallback
    advanced: Advanced
    triggers: Annotated[list[Trigger], Field(min_length=1)]

    @model_validator(mode="after")
    def admission_takes_it(self) -> "ScaledObjectSpec":
        if self.minReplicaCount > self.maxReplicaCount:
            raise ValueError("minReplicaCount is more than maxReplicaCount")
        if not any(trigger.type != "cpu" and trigger.metricType == "AverageValue" for trigger in self.triggers):
            raise ValueError("fallback asks for a trigger of AverageValue that is not cpu")
        return self


class ScaledObject(Part):
    apiVersion: Literal["keda.sh/v1alpha1"]
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: ScaledObjectSpec


class Predictor(Part):
    """A predictor of our own container; its pod's fields are held equal to those of the Deployment elsewhere."""

    minReplicas: Annotated[int, Field(ge=0)]
    maxReplicas: Annotated[int, Field(ge=1)]
    scaleMetric: Literal["cpu", "memory", "concurrency", "rps"]
    scaleTarget: Annotated[int, Field(gt=0)]
    labels: Labels
    automountServiceAccountToken: bool
    enableServiceLinks: bool
    terminationGracePeriodSeconds: int
    securityContext: dict[str, Any]
    containers: Annotated[list[dict[str, Any]], Field(min_length=1)]
    volumes: list[dict[str, Any]]


class InferenceServiceSpec(Part):
    predictor: Predictor


class InferenceService(Part):
    apiVersion: Literal["serving.kserve.io/v1beta1"]
    kind: Literal["InferenceService"]
    metadata: Metadata
    spec: InferenceServiceSpec


CUSTOM: dict[str, type[Part]] = {
    "ServiceMonitor": ServiceMonitor,
    "PrometheusRule": PrometheusRule,
    "ScaledObject": ScaledObject,
    "InferenceService": InferenceService,
}
